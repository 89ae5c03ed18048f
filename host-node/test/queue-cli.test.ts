/** `flowport queue` as an operator runs it, on a SQLite file that the app has open at the same time. */
import type { Queue } from '@flowport/capabilities'
import { silentLogger } from '@flowport/capabilities'
import { type AnyFlow, type App, createRuntime } from '@flowport/flow'
import { deliverMessage, heldMessage, queueConsumers } from '@flowport/flow/delivery'
import { openProfile } from '@flowport/host-node'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'

const cli = resolve(import.meta.dirname, '../src/cli.ts')

let folder = ''
let file = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowport-queue-'))
  file = join(folder, 'app.ts')
  const from = (name: string) => JSON.stringify(import.meta.resolve(name))
  writeFileSync(
    file,
    `import { defineApp, flow, node, queue } from ${from('@flowport/flow')}
     import { cloudflareQueues } from ${from('@flowport/presets/cloudflare-queues')}
     import { memory } from ${from('@flowport/presets/memory')}
     import { sqlite } from ${from('@flowport/presets/sqlite')}
     import * as z from ${from('zod')}
     const Order = z.object({ id: z.string() })
     const ship = node('ship', {
       input: Order, uses: { kv: 'write' }, idempotency: 'natural',
       run: ({ id }) => { throw new Error('no carrier takes ' + id + '\\u001b[2J') },
     })
     const orders = flow('orders', {
       trigger: queue('orders', { input: Order, maxAttempts: 1 }), graph: (it, step) => step(ship, it),
     })
     export default defineApp({ flows: [orders], profiles: {
       local: [sqlite({ only: ['kv', 'dedupe'] }), sqlite({ only: ['queue'], as: 'orders' })],
       transient: [memory({ only: ['kv'] }), memory({ only: ['queue'], as: 'orders' })],
       workers: [memory({ only: ['kv'] }), cloudflareQueues({ as: 'orders', binding: 'ORDERS' })],
     } })`,
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function command(...args: readonly string[]) {
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, [cli, '--app', file, 'queue', ...args], {
    cwd: folder,
    env: { PATH, FLOWPORT_DATA_DIR: join(folder, 'data') },
  })
  child.stdin.end()
  const code = new Promise<number | null>((exited) => child.once('exit', exited))
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, stdout, stderr }
}

/** The app with its file open, as a server has it. */
async function openApp() {
  const { default: app } = (await import(file)) as { default: App<readonly AnyFlow[]> }
  const { bag } = await openProfile({
    app,
    profile: 'local',
    env: { FLOWPORT_DATA_DIR: join(folder, 'data') },
    log: silentLogger,
  })
  const queue = bag.require('queue:orders')
  return { app, bag, queue, runtime: createRuntime(bag) }
}

describe('flowport queue › while the app runs', () => {
  let served: Awaited<ReturnType<typeof openApp>>
  let queue: Queue
  beforeEach(async () => {
    served = await openApp()
    ;({ queue } = served)
  })
  afterEach(async () => {
    await served.bag.close()
    rmSync(join(folder, 'data'), { recursive: true, force: true })
  })

  /** Sends messages, and delivers each once: it fails, and is set aside. */
  async function fail(ids: readonly string[]): Promise<readonly string[]> {
    const [consumer] = queueConsumers(served.app)
    if (consumer === undefined) return expect.fail('the app has no consumer')
    const sent = await queue.sendBatch(ids.map((id) => ({ id })))
    for (const message of await queue.receive({ limit: 100 })) {
      const delivery = await deliverMessage(served.runtime, consumer, heldMessage(queue, message))
      expect(delivery.outcome).toBe('rejected')
    }
    return sent.map(({ id }) => id)
  }

  it('lists dead letters with their last errors, without bodies, in pages', async () => {
    const [first = '', second = ''] = await fail(['a', 'b'])
    const listed = await command('dead', 'orders', '--limit', '1')
    expect(listed.code).toBe(0)
    expect(listed.stdout).toMatch(/^ID +SET ASIDE +ATTEMPTS +SIZE +LAST ERROR\n/)
    expect(listed.stdout).toContain('orders/ship: no carrier takes a\\u001b[2J')
    expect(listed.stdout).toContain('10 B')
    expect(listed.stderr).toBe(`there may be more: --cursor '${first}'\n`)
    const rest = await command('dead', 'orders', '--cursor', first, '--json')
    expect(JSON.parse(rest.stdout)).toMatchObject({
      ok: true,
      command: 'queue dead',
      queue: 'orders',
      letters: [{ id: second, attempts: 1, bytes: 10, deadAt: expect.stringMatching(/^\d{4}-.*Z$/) }],
      cursor: null,
    })
  })

  it('moves named letters, then all, back to the app that is running', async () => {
    const [first = '', second = ''] = await fail(['a', 'b', 'c'])
    const named = await command('redrive', 'orders', '--id', first, '--id', '999')
    expect(named).toMatchObject({
      code: 0,
      stdout: 'moved 1 message back to queue "orders"\n',
      stderr: '1 of the ids are no dead letters now\n',
    })
    expect(await queue.receive({ limit: 5 })).toMatchObject([{ id: first, body: { id: 'a' }, attempt: 1 }])
    const all = await command('redrive', 'orders', '--all', '--json')
    expect(JSON.parse(all.stdout)).toMatchObject({ ok: true, moved: 2 })
    expect((await queue.receive({ limit: 5 }))[0]).toMatchObject({ id: second, attempt: 1 })
    expect(await command('dead', 'orders')).toMatchObject({
      code: 0,
      stdout: 'queue "orders" has no dead letters\n',
    })
  })

  it('two processes that redrive at the same time count each message once', async () => {
    await fail(Array.from({ length: 50 }, (_, index) => `o-${index}`))
    const both = await Promise.all([1, 2].map(() => command('redrive', 'orders', '--all', '--json')))
    const counts = both.map(({ stdout }) => (JSON.parse(stdout) as { readonly moved: number }).moved)
    expect(counts.reduce((sum, moved) => sum + moved, 0)).toBe(50)
    const taken = await queue.receive({ limit: 100 })
    expect(new Set(taken.map(({ id }) => id)).size).toBe(50)
    expect(await queue.receive()).toEqual([])
  })
})

describe('flowport queue › refusals', () => {
  it('points to the dead letter queue on Cloudflare', async () => {
    const { code, stderr } = await command('dead', 'orders', '--profile', 'workers')
    expect([code, stderr]).toEqual([1, expect.stringContaining('dead_letter_queue of its consumer')])
  })

  it('says that dead letters are in the memory of another process', async () => {
    const { code, stderr } = await command('redrive', 'orders', '--all', '--profile', 'transient')
    expect([code, stderr]).toEqual([1, expect.stringContaining('in the memory of the process')])
  })

  it('names the queues of the profile', async () => {
    const { code, stderr } = await command('dead', 'parcels')
    expect([code, stderr]).toEqual([1, expect.stringContaining('binds no queue "parcels": it binds orders')])
  })

  it.each([[[]], [['--all', '--id', '1']]])('needs --id or --all, not both: %j', async (given) => {
    const { code, stderr } = await command('redrive', 'orders', ...given)
    expect([code, stderr]).toEqual([2, expect.stringContaining('--id ID')])
  })

  it('refuses a limit of 0', async () => {
    const { code, stderr } = await command('dead', 'orders', '--limit', '0')
    expect([code, stderr]).toEqual([1, expect.stringContaining('limit')])
  })
})
