/** Compares begin + complete of a new key, for each back end, with the same two steps written by hand for the same store. */
import { join } from 'node:path'
import { memory } from '@flowport/presets/memory'
import { sqlite } from '@flowport/presets/sqlite'
import { type Candidate, compare } from '../harness.ts'
import { inDirectory, openBag } from '../providers.ts'
import { comparisonTable, type Report, type Table } from '../report.ts'
import { openRaw, RawStore } from '../sqlite/raw-store.ts'
import { fingerprint, leaseMs, ledgerSteps, result, shareAim, ttlMs } from './shared.ts'
import { measureS3 } from './s3-ledger.ts'

const ours = 'the ledger'

export async function measureLedgers(): Promise<Report> {
  const reports = [await measureMemory(), await measureSqlite(), await measureS3()]
  return {
    tables: reports.flatMap(({ tables }) => tables),
    aims: reports.flatMap(({ aims }) => aims),
  }
}

async function measureMemory(): Promise<Report> {
  const bag = await openBag(memory())
  const raw = 'a `Map` with the same fields'
  const measured = await compare({
    by: 'cpu',
    reference: raw,
    expected: true,
    candidates: [ledgerSteps(ours, bag.require('dedupe')), mapSteps(raw)],
  })
  await bag.close()
  const title = 'begin + complete, memory'
  return { tables: [comparisonTable(title, measured, { unit: 'ns' })], aims: [] }
}

function measureSqlite(): Promise<Report> {
  return inDirectory(async (directory) => {
    const bag = await openBag(sqlite({ path: join(directory, 'flowport.sqlite'), synchronous: 'NORMAL' }))
    const db = openRaw(join(directory, 'raw.sqlite'), 'NORMAL')
    try {
      const raw = 'two raw statements, same columns'
      const measured = await compare({
        by: 'cpu',
        reference: raw,
        expected: true,
        rounds: 21,
        candidates: [ledgerSteps(ours, bag.require('dedupe')), rawSteps(raw, new RawStore(db))],
      })
      const title = 'begin + complete, sqlite, WAL NORMAL'
      const tables: Table[] = [comparisonTable(title, measured, { unit: 'µs' })]
      return { tables, aims: [shareAim(`${title}, of the raw statements`, measured, ours, 0.8)] }
    } finally {
      db.close()
      await bag.close()
    }
  })
}

function rawSteps(name: string, store: RawStore): Candidate<boolean> {
  let at = 0
  return {
    name,
    run(times) {
      let kept = 0
      for (let i = 0; i < times; i++) {
        const key = `orders/${at++}`
        const token = store.begin(key, fingerprint, leaseMs)
        if (token !== null && store.complete(key, token, result, ttlMs)) kept++
      }
      return kept === times
    },
  }
}

interface HandRecord {
  readonly token: string
  readonly fingerprint: string
  readonly result: string | null
  readonly endsAt: number
  readonly fence: number
}

/** The minimal code that keeps a token, a lease and a fence. Asynchronous, because callers would await any other store too. */
function mapSteps(name: string): Candidate<boolean> {
  const records = new Map<string, HandRecord>()
  let at = 0
  const begin = async (key: string) => {
    const now = performance.now()
    const found = records.get(key)
    if (found !== undefined && found.endsAt > now) return null
    const token = crypto.randomUUID()
    const fence = (found?.fence ?? 0) + 1
    records.set(key, { token, fingerprint, result: null, endsAt: now + leaseMs, fence })
    return token
  }
  const complete = async (key: string, token: string) => {
    const found = records.get(key)
    if (found?.token !== token) return false
    records.set(key, { ...found, result: JSON.stringify(result), endsAt: performance.now() + ttlMs })
    return true
  }
  return {
    name,
    async run(times) {
      let kept = 0
      for (let i = 0; i < times; i++) {
        const key = `orders/${at++}`
        const token = await begin(key)
        if (token !== null && (await complete(key, token))) kept++
      }
      return kept === times
    },
  }
}
