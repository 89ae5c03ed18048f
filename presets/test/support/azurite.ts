/** A real server of Azure's blob protocol for tests: Azurite, which checks signatures. Gone with the test file. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHmac, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'
import { required } from './required.ts'
import { answering, freePort } from './servers.ts'
import { tempDirectory } from './temp-directory.ts'

export interface Azurite {
  readonly endpoint: string
  readonly account: string
  readonly accountKey: string
}

/** Why there is no server, for the name of a skipped test. */
export const withoutAzurite = 'azurite is not installed (it is a devDependency of this package)'

/** Starts a server in memory; `null` where it is not installed. Call it while tests are collected. */
export async function startAzurite(): Promise<Azurite | null> {
  const program = programFile()
  if (!required('azurite', program !== null) || program === null) return null
  const account = 'flowporttest'
  const accountKey = Buffer.from(`marker-${randomUUID()}`).toString('base64')
  const port = await freePort()
  const address = ['--blobHost', '127.0.0.1', '--blobPort', String(port), '--location', tempDirectory()]
  const modes = ['--silent', '--disableTelemetry', '--skipApiVersionCheck', '--inMemoryPersistence']
  let child: ChildProcess | undefined = spawn(process.execPath, [program, ...modes.slice(0, 3), ...address], {
    stdio: 'ignore',
    env: { ...process.env, AZURITE_ACCOUNTS: `${account}:${accountKey}` },
  })
  const stop = () => {
    child?.kill('SIGKILL')
    child = undefined
  }
  process.once('exit', stop)
  afterAll(() => {
    process.off('exit', stop)
    stop()
  })
  const endpoint = `http://127.0.0.1:${port}/${account}`
  await answering('Azurite', endpoint)
  return { endpoint, account, accountKey }
}

let containers = 0

/** An empty container of its own. */
export async function createContainer(server: Azurite): Promise<string> {
  const name = `container-${++containers}`
  const response = await signed(server, 'PUT', name, { restype: 'container' })
  if (response.status !== 201)
    throw new Error(`Azurite answered ${response.status}: ${await response.text()}`)
  return name
}

/** A request signed with the account's key. https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key */
export function signed(
  { endpoint, account, accountKey }: Azurite,
  method: 'GET' | 'PUT',
  path: string,
  query: Readonly<Record<string, string>>,
): Promise<Response> {
  const url = new URL(`${endpoint}/${path}`)
  url.search = new URLSearchParams(query).toString()
  const headers = { 'x-ms-date': new Date().toUTCString(), 'x-ms-version': '2021-12-02' }
  const text = [
    method,
    // Eleven headers that are not sent.
    ...Array.from({ length: 11 }, () => ''),
    ...Object.entries(headers).map(([name, value]) => `${name}:${value}`),
    `/${account}${url.pathname}`,
    ...Object.entries(query)
      .toSorted()
      .map(([name, value]) => `${name}:${value}`),
  ].join('\n')
  const signature = createHmac('sha256', Buffer.from(accountKey, 'base64')).update(text).digest('base64')
  return fetch(url, { method, headers: { ...headers, authorization: `SharedKey ${account}:${signature}` } })
}

/** A shared access signature of the account. https://learn.microsoft.com/rest/api/storageservices/create-account-sas */
export function accountSas({ account, accountKey }: Azurite, permissions: string, expires: Date): string {
  const fields = {
    sp: permissions,
    ss: 'b',
    srt: 'co',
    st: '',
    se: `${expires.toISOString().slice(0, 19)}Z`,
    sip: '',
    spr: 'https,http',
    sv: '2020-08-04',
  }
  const text = `${[account, ...Object.values(fields)].join('\n')}\n`
  const sig = createHmac('sha256', Buffer.from(accountKey, 'base64')).update(text).digest('base64')
  const given = Object.entries({ ...fields, sig }).filter(([, value]) => value !== '')
  return new URLSearchParams(given).toString()
}

function programFile(): string | null {
  try {
    const manifest = createRequire(import.meta.url).resolve('azurite/package.json')
    const file = join(dirname(manifest), 'dist', 'src', 'blob', 'main.js')
    return existsSync(file) ? file : null
  } catch {
    // Not installed, which is what is asked here.
    return null
  }
}
