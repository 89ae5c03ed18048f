/**
 * An atomic node over `durable-partitions` in a workerd that is killed at each step of its Durable Objects' storage, including
 * steps inside the commit. The suite tests every 9th of 100 points; `FLOWPORT_KILL_POINTS=all` tests each.
 */
import { serveWorkerd } from '@flowport/host-workers/testing'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, expect, it } from 'vitest'

const entry = resolve(import.meta.dirname, 'partitions/worker.ts')
const shop = 'acme'
const ids = Array.from({ length: 10 }, (_, index) => `order-${index}`)
const points = 100
const stride = process.env['FLOWPORT_KILL_POINTS'] === 'all' ? 1 : 9

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function storageFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'flowport-partitions-'))
  folders.push(folder)
  return folder
}

/** Starts a workerd over the folder. Returns it with a promise that resolves when it waits at its kill point. */
async function served(storage: string, { killAt = 0, laterMs = 0 } = {}) {
  let isThere: () => void
  const atPoint = new Promise<void>((settle) => {
    isThere = settle
  })
  const running = await serveWorkerd(entry, {
    edge: false,
    vars: { KILL_AT: String(killAt), LATER_MS: String(laterMs) },
    durableObjects: { PARTITIONS: 'PartitionObject' },
    storage,
    onOutput: (text) => {
      if (text.includes('flowport: kill here')) isThere()
    },
  })
  const ask = async (what: string, which: readonly string[] = ids): Promise<unknown> => {
    const query = new URLSearchParams({ do: what, shop, ids: which.join(',') })
    const response = await fetch(`${running.url}/?${query}`)
    expect(response.status).toBe(200)
    return response.json()
  }
  return { ask, atPoint, close: (signal?: NodeJS.Signals) => running.close(signal) }
}

/** Returns the counter and the number of rows and records, read from the objects' files while no workerd has them open. */
function inFiles(storage: string) {
  const counts = { counter: 0, rows: 0, records: 0 }
  for (const file of readdirSync(storage, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.sqlite') || file.endsWith('metadata.sqlite')) continue
    const db = new DatabaseSync(join(storage, file))
    try {
      const tables = new Set(
        db
          .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
          .all()
          .map(({ name }) => name),
      )
      const one = (table: string, sql: string) =>
        tables.has(table) ? Number(db.prepare(sql).get()?.['n'] ?? 0) : 0
      counts.rows += one('kv', `SELECT count(*) AS n FROM kv WHERE key LIKE '${shop}/row/%'`)
      counts.counter += one('kv', `SELECT value AS n FROM kv WHERE key = '${shop}/count'`)
      counts.records += one(
        'ledger',
        "SELECT count(*) AS n FROM ledger WHERE result IS NOT NULL AND key <> ''",
      )
    } finally {
      db.close()
    }
  }
  return counts
}

it('rows, records and the counter agree after a kill at any point, and the next workerd loses and repeats nothing', async () => {
  const whole = await served(storageFolder())
  const { steps } = (await whole.ask('place')) as { steps: number }
  await whole.close()
  expect(steps).toBeGreaterThanOrEqual(points)
  const seen = new Set<number>()
  for (let killAt = 1; killAt <= points; killAt += stride) {
    const storage = storageFolder()
    const first = await served(storage, { killAt })
    const unanswered = first.ask('place').catch(() => null)
    await first.atPoint
    await first.close('SIGKILL')
    expect(await unanswered, `point ${killAt}`).toBeNull()
    const { counter, rows, records } = inFiles(storage)
    expect([counter, records], `point ${killAt}`).toEqual([rows, rows])
    seen.add(rows)
    // The killed holder's lease has ended.
    const second = await served(storage, { laterMs: 3_600_000 })
    try {
      expect(await second.ask('place')).toMatchObject({ answers: ids.map((_, index) => index + 1) })
      const n = ids.length
      expect(await second.ask('counts'), `after point ${killAt}`).toEqual({
        counter: n,
        rows: n,
        records: n,
        unknown: 0,
      })
    } finally {
      await second.close()
    }
  }
  expect(seen.size).toBeGreaterThan(1)
}, 1_200_000)

it('64 concurrent calls of one key make one effect and get the same answer, which may be a problem without an effect', async () => {
  const running = await served(storageFolder())
  try {
    const placed = (await running.ask('storm', ['one'])) as unknown[]
    expect(placed).toEqual(Array.from({ length: 64 }, () => 1))
    const refused = (await running.ask('storm', ['refused'])) as unknown[]
    expect(refused).toHaveLength(64)
    expect(new Set(refused.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(refused[0]).toMatchObject({ code: 'SOLD_OUT', details: { count: 2 } })
    expect(await running.ask('counts', ['one', 'refused'])).toEqual({
      counter: 1,
      rows: 1,
      records: 2,
      unknown: 0,
    })
  } finally {
    await running.close()
  }
}, 60_000)
