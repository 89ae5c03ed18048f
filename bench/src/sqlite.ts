/** Compares the sqlite preset with prepared statements of `node:sqlite` on a file with the same pragmas and columns. */
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { DedupeStore, KeyValue, ResourceBag } from '@flowport/capabilities'
import { sqlite } from '@flowport/presets/sqlite'
import { compare, type Comparison, type Measured, named } from './harness.ts'
import { digits } from './numbers.ts'
import { inDirectory, openBag } from './providers.ts'
import { type Aim, comparisonTable, type Report, type Table } from './report.ts'
import { openRaw, RawStore, type Synchronous } from './sqlite/raw-store.ts'

const ours = 'Flowport sqlite'
const raw = 'node:sqlite, same columns'
const least = 'node:sqlite, key and value only'

export function measure(): Promise<Report> {
  return inDirectory(async (directory) => {
    const tables: Table[] = []
    const aims: Aim[] = []
    const add = (title: string, measured: readonly Measured[], isOverhead: boolean) => {
      tables.push(comparisonTable(title, measured, { unit: 'µs' }))
      const share = 1 / named(measured, ours).ratio
      const aim = `${title}: at least 0.8 of the raw statements`
      if (isOverhead) aims.push({ aim, measured: digits(share), holds: share >= 0.8 })
    }
    for (const synchronous of ['NORMAL', 'FULL'] as const) {
      const stores = await open(directory, synchronous)
      const bounds = synchronous === 'FULL' ? waiting : {}
      try {
        if (synchronous === 'NORMAL') add('kv get, 1 KiB text', await measureGet(stores), true)
        add(`kv put, 1 KiB text, WAL ${synchronous}`, await measurePut(stores, bounds), true)
        add(`dedupe begin + complete, new key, WAL ${synchronous}`, await measureDedupe(stores, bounds), true)
      } finally {
        await stores.close()
      }
    }
    return { tables, aims }
  })
}

type Bounds = Pick<Comparison<unknown>, 'rounds' | 'roundMs'>

/** More and longer rounds, because waiting for the disk varies a lot. */
const waiting: Bounds = { rounds: 21, roundMs: 120 }

interface Stores {
  readonly kv: KeyValue
  readonly dedupe: DedupeStore
  readonly raw: RawStore
  readonly least: LeastStore
  close(): Promise<void>
}

async function open(directory: string, synchronous: Synchronous): Promise<Stores> {
  const fileOf = (name: string) => join(directory, `${name}-${synchronous}.sqlite`)
  const bag: ResourceBag = await openBag(sqlite({ path: fileOf('flowport'), synchronous }))
  const rawDb = openRaw(fileOf('raw'), synchronous)
  const leastDb = openRaw(fileOf('least'), synchronous)
  return {
    kv: bag.require('kv'),
    dedupe: bag.require('dedupe'),
    raw: new RawStore(rawDb),
    least: new LeastStore(leastDb),
    async close() {
      rawDb.close()
      leastDb.close()
      await bag.close()
    },
  }
}

class LeastStore {
  readonly #get
  readonly #put

  constructor(db: DatabaseSync) {
    db.exec('CREATE TABLE kv (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID')
    this.#get = db.prepare('SELECT value FROM kv WHERE key = ?')
    this.#put = db.prepare(
      'INSERT INTO kv (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    )
  }

  get(key: string): string | null {
    const row = this.#get.get(key)
    return row === undefined ? null : String(row['value'])
  }

  put(key: string, value: string): void {
    this.#put.run(key, value)
  }
}

const keys = Array.from({ length: 100 }, (_, n) => `notes/${n}`)
const keyAt = (i: number) => keys[i % keys.length] as string
// 257 values over 100 keys, so that every put changes its key's value. Otherwise SQLite would not write the page.
const texts = Array.from({ length: 257 }, (_, n) => `${n} `.padEnd(1024, 'The quick brown fox. '))
const textAt = (i: number) => texts[i % texts.length] as string

async function measureGet(stores: Stores) {
  const text = textAt(0)
  for (const key of keys) {
    await stores.kv.put(key, text)
    stores.raw.put(key, text)
    stores.least.put(key, text)
  }
  return compare<string | null>({
    reference: raw,
    expected: text,
    candidates: [
      {
        name: ours,
        async run(times) {
          let found: string | null = null
          for (let i = 0; i < times; i++) found = await stores.kv.get(keyAt(i))
          return found
        },
      },
      {
        name: raw,
        run(times) {
          let found: string | null = null
          for (let i = 0; i < times; i++) found = stores.raw.get(keyAt(i))
          return found
        },
      },
      {
        name: least,
        run(times) {
          let found: string | null = null
          for (let i = 0; i < times; i++) found = stores.least.get(keyAt(i))
          return found
        },
      },
    ],
  })
}

function measurePut(stores: Stores, bounds: Bounds) {
  // Each candidate continues counting across its rounds.
  const at = { ours: 0, raw: 0, least: 0 }
  return compare<boolean>({
    ...bounds,
    reference: raw,
    expected: true,
    candidates: [
      {
        name: ours,
        async run(times) {
          for (const end = at.ours + times; at.ours < end; at.ours++)
            await stores.kv.put(keyAt(at.ours), textAt(at.ours))
          return (await stores.kv.get(keyAt(at.ours - 1))) === textAt(at.ours - 1)
        },
      },
      {
        name: raw,
        run(times) {
          for (const end = at.raw + times; at.raw < end; at.raw++)
            stores.raw.put(keyAt(at.raw), textAt(at.raw))
          return stores.raw.get(keyAt(at.raw - 1)) === textAt(at.raw - 1)
        },
      },
      {
        name: least,
        run(times) {
          for (const end = at.least + times; at.least < end; at.least++)
            stores.least.put(keyAt(at.least), textAt(at.least))
          return stores.least.get(keyAt(at.least - 1)) === textAt(at.least - 1)
        },
      },
    ],
  })
}

const leaseMs = 30_000
const ttlMs = 86_400_000
const fingerprint = 'sha-256:0123456789abcdef'

function measureDedupe({ dedupe, raw: store }: Stores, bounds: Bounds) {
  const at = { ours: 0, raw: 0 }
  const result = { order: 1, state: 'accepted' }
  return compare<boolean>({
    ...bounds,
    reference: raw,
    expected: true,
    candidates: [
      {
        name: ours,
        async run(times) {
          let kept = 0
          for (let i = 0; i < times; i++) {
            const key = `orders/${at.ours++}`
            const begun = await dedupe.begin(key, { leaseMs, fingerprint })
            if (begun.state === 'fresh' && (await dedupe.complete(key, begun.token, result, ttlMs))) kept++
          }
          return kept === times
        },
      },
      {
        name: raw,
        run(times) {
          let kept = 0
          for (let i = 0; i < times; i++) {
            const key = `orders/${at.raw++}`
            const token = store.begin(key, fingerprint, leaseMs)
            if (token !== null && store.complete(key, token, result, ttlMs)) kept++
          }
          return kept === times
        },
      },
    ],
  })
}
