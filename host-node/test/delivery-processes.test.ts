/** Deliveries by several processes over one SQLite file, one of which is killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, it } from 'vitest'
import { createServer } from '@flowport/host-node'
import { deliveryApp } from './support/delivery-app.ts'
import type { ProcessOptions } from './support/delivery-process.ts'
import { tempFolder } from './support/temp-folder.ts'

const running: ChildProcess[] = []
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})

interface Started {
  readonly url: string
  readonly lines: unknown[]
  readonly ended: Promise<string | number | null>
  kill(signal: NodeJS.Signals): void
  /** Writes a line to its standard input. */
  tell(line: string): void
}

async function start(options: ProcessOptions): Promise<Started> {
  const script = join(import.meta.dirname, 'support/delivery-process.ts')
  const child = spawn(process.execPath, [script, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  running.push(child)
  let errors = ''
  child.stderr.on('data', (data: Buffer) => {
    errors += data.toString()
  })
  const ended = new Promise<string | number | null>((resolve) =>
    child.once('exit', (code, signal) => resolve(signal ?? code)),
  )
  const lines: unknown[] = []
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = JSON.parse(line) as { url?: string }
      if (said.url === undefined) lines.push(said)
      else resolve(said.url)
    })
    void ended.then((how) => reject(new Error(`the process ended with ${how}: ${errors}`)))
  })
  return {
    url,
    lines,
    ended,
    kill: (signal) => void child.kill(signal),
    tell: (line) => void child.stdin.write(`${line}\n`),
  }
}

const file = () => join(tempFolder(), 'state.sqlite')

const submit = (url: string, order: object) =>
  fetch(`${url}/orders`, {
    method: 'POST',
    body: JSON.stringify(order),
    headers: { 'content-type': 'application/json' },
  })

/** Opens the app's stores on the same file, to inspect them. */
async function looking<T>(
  path: string,
  look: (get: (url: string) => Promise<unknown>) => Promise<T>,
): Promise<T> {
  const app = deliveryApp({ path, name: 'looker' })
  const server = await createServer(app, { env: {}, logLevel: 'silent', consume: false })
  try {
    return await look(async (url) => {
      const { statusCode, body } = await server.inject(url)
      return statusCode === 204 ? null : (JSON.parse(body) as unknown)
    })
  } finally {
    await server.close()
  }
}

describe('deliveries by several processes', () => {
  it('a message of a killed process goes to another process when its lease ends', async () => {
    const path = file()
    const dying = await start({ path, name: 'dying', dies: true, deadlineMs: 1_000 })
    // The process may be gone before it answers.
    await submit(dying.url, { id: 'a' }).catch(() => undefined)
    expect(await dying.ended).toBe('SIGKILL')
    const heir = await start({ path, name: 'heir', deadlineMs: 10_000 })
    await expect.poll(() => heir.lines).toEqual([{ started: 'a', attempt: 2 }])
    const { at, startedAt } = await looking(path, async (get) => {
      await expect.poll(() => get('/orders/a')).toMatchObject({ by: 'heir', attempt: 2 })
      return (await get('/orders/a')) as { at: number; startedAt: number }
    })
    // The trigger's deadline plus the killed host's margin: 1 s and 0.5 s.
    expect(at - startedAt).toBeGreaterThanOrEqual(1_450)
  })

  it('SIGTERM finishes the message in progress, and leaves the queue to others', async () => {
    const path = file()
    const first = await start({ path, name: 'first' })
    await submit(first.url, { id: 'a', waitMs: 700 })
    await expect.poll(() => first.lines).toEqual([{ started: 'a', attempt: 1 }])
    first.kill('SIGTERM')
    expect(await first.ended).toBe(0)
    expect(await looking(path, (get) => get('/orders/a'))).toMatchObject({ by: 'first', attempt: 1 })
  })

  it('a schedule runs in only one of the processes', async () => {
    const path = file()
    const due = new Date('2031-05-01T12:34:00Z')
    const names = ['one', 'two', 'three'] as const
    const clockAt = due.getTime() - 30_000
    const processes = await Promise.all(names.map((name) => start({ path, name, clockAt })))
    for (const { tell } of processes) tell(String(due.getTime() - 50))
    const ticks = await looking(path, async (get) => {
      await expect.poll(() => get('/ticks')).toHaveLength(1)
      // Gives the other processes time to run it wrongly.
      await new Promise((resolve) => setTimeout(resolve, 500))
      return get('/ticks')
    })
    expect(ticks).toEqual([expect.stringMatching(`^tick/${due.toISOString()}/(${names.join('|')})$`)])
  })
})
