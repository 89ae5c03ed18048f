/** Charges at a payment gateway that charges on every call, in a separate process: only the ledger prevents a second charge. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Gateway, type GatewayOptions, startGateway } from '@flowport-examples/gateway'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ask, type ExampleServer, startExample } from './support/example-server.ts'

const withoutLedger = resolve(import.meta.dirname, 'support/without-ledger.ts')
const order = { orderId: 'o1', amountCents: 4200 }

let folder: string
let gateway: Gateway
let server: ExampleServer | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowport-charges-'))
})
afterEach(async () => {
  await server?.stop()
  server = undefined
  await gateway.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Starts the app and a gateway. `main` is the program that runs the app. */
async function start(options: Omit<GatewayOptions, 'file'> = {}, main?: string): Promise<string> {
  gateway = await startGateway({ file: join(folder, 'payments.jsonl'), ...options })
  return (await serverAt(main)).url
}

async function serverAt(main?: string): Promise<ExampleServer> {
  const dataDir = server?.dataDir
  server = await startExample({
    env: { PAYMENTS_URL: gateway.url },
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(main === undefined ? {} : { main }),
  })
  return server
}

const post = (url: string) => ask(`${url}/orders`, 'POST', order)

/** Sends the order 64 times concurrently, then one more time. */
async function storm(url: string): Promise<readonly { readonly status: number; readonly body: unknown }[]> {
  const answers = await Promise.all(Array.from({ length: 64 }, () => post(url)))
  return [...answers, await post(url)]
}

/** Kills the app while the gateway holds the order's charge, restarts it, and sends the order until its outcome is decided. */
async function crash(main?: string): Promise<{ readonly status: number; readonly body: unknown }> {
  const url = await start({ holdsMs: 10_000 }, main)
  const sent = post(url).catch(() => undefined)
  await expect.poll(() => gateway.count('o1'), { timeout: 20_000 }).toBe(1)
  await server?.kill('SIGKILL')
  await sent
  const again = await serverAt(main)
  let answer = await post(again.url)
  // The killed process held a lease of 10 seconds.
  for (let tries = 0; (answer.body as { code?: string }).code === 'IDEM_IN_FLIGHT' && tries < 40; tries++)
    answer = await post(again.url)
  return answer
}

describe('an order at a gateway that charges on every call', () => {
  it('is charged once by 65 requests, which get one answer', async () => {
    const answers = await storm(await start())
    const made = answers.filter(({ status }) => status === 201)
    expect(new Set(made.map(({ body }) => JSON.stringify(body))).size).toBe(1)
    for (const { status, body } of answers)
      if (status !== 201) expect([status, body]).toMatchObject([409, { code: 'IDEM_IN_FLIGHT' }])
    expect(await gateway.count('o1')).toBe(1)
  })

  it('is charged once when the answer is lost, and later requests get an unknown outcome', async () => {
    const url = await start({ losesEvery: 1 })
    const first = await post(url)
    const later = await Promise.all([post(url), post(url), post(url)])
    expect(first.status).toBeGreaterThanOrEqual(500)
    for (const answer of later) {
      expect(answer).toMatchObject({ status: 409, body: { code: 'IDEM_UNKNOWN' } })
      expect(answer.headers.get('retry-after')).toBe(null)
    }
    expect(await gateway.count('o1')).toBe(1)
  })

  it('is charged once when the app is killed between the charge and its record', {
    timeout: 90_000,
  }, async () => {
    expect(await crash()).toMatchObject({ status: 409, body: { code: 'IDEM_UNKNOWN' } })
    expect(await gateway.count('o1')).toBe(1)
  })
})

describe('the same without the ledger', () => {
  it('is charged by every request', async () => {
    await storm(await start({}, withoutLedger))
    expect(await gateway.count('o1')).toBe(65)
  })

  it('is charged again when the answer is lost', async () => {
    const url = await start({ losesEvery: 1 }, withoutLedger)
    for (let i = 0; i < 4; i++) await post(url)
    expect(await gateway.count('o1')).toBe(4)
  })

  it('is charged again when the app is killed between the charge and its record', {
    timeout: 90_000,
  }, async () => {
    expect((await crash(withoutLedger)).status).toBe(201)
    expect(await gateway.count('o1')).toBe(2)
  })
})
