/**
 * An atomic node, and a node whose effect begins with its first write, over SQLite in a process that is killed before each of
 * its SQL statements, including the commit. The suite tests every 12th of 100 points; `FLOWPORT_KILL_POINTS=all` tests each.
 */
import { systemClock } from '@flowport/capabilities/system'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openOrders } from './support/once/atomic-orders.ts'
import type { AtomicProcessOptions } from './support/once/atomic-process.ts'
import { tempFolder } from './support/temp-folder.ts'

const script = join(import.meta.dirname, 'support/once/atomic-process.ts')
const ids = Array.from({ length: 10 }, (_, index) => `order-${index}`)
const points = 100
const stride = process.env['FLOWPORT_KILL_POINTS'] === 'all' ? 1 : 12

async function run(options: AtomicProcessOptions) {
  const child = spawn(process.execPath, [script, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString()
  })
  const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { statements: Number(printed), signal }
}

// A clock on which the killed process's lease has ended.
const later = Object.create(systemClock, {
  now: { value: () => systemClock.now() + 3_600_000 },
}) as typeof systemClock

it('rows, records, messages and the counter agree after a kill at any point, and the next process loses and repeats nothing', async () => {
  const whole = await run({ path: join(tempFolder(), 'orders.sqlite'), ids, killAt: 0 })
  expect(whole.signal).toBeNull()
  expect(whole.statements).toBeGreaterThanOrEqual(points)
  const seen = new Set<number>()
  for (let killAt = 1; killAt <= points; killAt += stride) {
    const path = join(tempFolder(), 'orders.sqlite')
    const { signal } = await run({ path, ids, killAt })
    expect(signal, `point ${killAt}`).toBe('SIGKILL')
    const orders = await openOrders(path, later)
    try {
      const { unknown, ...counts } = await orders.counts(ids)
      expect(unknown, `point ${killAt}`).toBe(0)
      expect(new Set(Object.values(counts)).size, `point ${killAt}: ${JSON.stringify(counts)}`).toBe(1)
      seen.add(counts.rows)
      for (const id of ids) await orders.place(id)
    } finally {
      await orders.close()
    }
    const again = await openOrders(
      path,
      Object.create(later, { now: { value: () => later.now() + 10 } }) as typeof later,
    )
    try {
      const n = ids.length
      const all = { counter: n, rows: n, records: n, messages: n, unknown: 0 }
      expect(await again.counts(ids), `after point ${killAt}`).toEqual(all)
    } finally {
      await again.close()
    }
  }
  expect(seen.size).toBeGreaterThan(1)
}, 300_000)

it('a row exists exactly when its key says that the effect began, after a kill at any point', async () => {
  const by = 'note'
  const orders = ids.slice(0, 2)
  const whole = await run({ path: join(tempFolder(), 'notes.sqlite'), ids: orders, killAt: 0, by })
  expect(whole.signal).toBeNull()
  const seen = new Set<string>()
  for (let killAt = 1; killAt <= whole.statements; killAt++) {
    const path = join(tempFolder(), 'notes.sqlite')
    const { signal } = await run({ path, ids: orders, killAt, by })
    expect(signal, `point ${killAt}`).toBe('SIGKILL')
    const file = await openOrders(path, later)
    try {
      for (const { hasRow, state } of await file.notes(orders)) {
        expect(['free', 'unknown', 'done'], `point ${killAt}`).toContain(state)
        expect(hasRow, `point ${killAt}: the key is ${state}`).toBe(state !== 'free')
        seen.add(state)
      }
    } finally {
      await file.close()
    }
  }
  expect([...seen].sort()).toEqual(['done', 'free', 'unknown'])
}, 300_000)

it('three processes that place the same orders concurrently place each order once', async () => {
  const path = join(tempFolder(), 'orders.sqlite')
  const ended = await Promise.all([1, 2, 3].map(() => run({ path, ids, killAt: 0 })))
  for (const { statements } of ended) expect(statements).toBeGreaterThan(0)
  const orders = await openOrders(path, systemClock)
  try {
    const n = ids.length
    expect(await orders.counts(ids)).toEqual({ counter: n, rows: n, records: n, messages: n, unknown: 0 })
  } finally {
    await orders.close()
  }
}, 60_000)
