import {
  evictDurableObject,
  listDurableObjectIds,
  runDurableObjectAlarm,
  runInDurableObject,
} from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import {
  type Changes,
  controlOf,
  createDedupeStore,
  createKeyValue,
  type DedupeStore,
  type KeyValue,
  keyInPartition,
  settleKey,
  Transaction,
} from '@flowport/capabilities'
import { systemRng } from '@flowport/capabilities/system'
import { ManualClock } from '@flowport/capabilities/testing'
import { afterEach, expect, it, vi } from 'vitest'
import { durableObject } from '../../src/durable-dedupe/preset.ts'
import { boundNamespace } from '../../src/cloudflare/durable/bound-namespace.ts'
import { answerBytes } from '../../src/cloudflare/durable-ledger/limits.ts'
import { openPartitionDrivers } from '../../src/durable-partitions/drivers.ts'
import type { PartitionCalls } from '../../src/durable-partitions/protocol.ts'
import { directoryObject, partitionObject } from '../../src/durable-partitions/places.ts'

afterEach(() => void vi.restoreAllMocks())

const minute = 60_000
const fingerprint = 'f'

function opened(name: string, clock?: ManualClock) {
  const { dedupe, kv } = openPartitionDrivers({ ...env }, { name })
  const options = clock === undefined ? {} : { clock }
  return { dedupe: createDedupeStore(dedupe), kv: createKeyValue(kv, options) }
}

/** The clock of everything in this isolate, the objects included. */
function movedClock(): ManualClock {
  const clock = new ManualClock()
  vi.spyOn(Date, 'now').mockImplementation(() => clock.now())
  return clock
}

const objectOf = (name: string, partition: string) =>
  durableObject(env.PARTITIONS, { name: partitionObject(name, partition) })
const directoryOf = (name: string) => durableObject(env.PARTITIONS, { name: directoryObject(name) })

async function tokenOf(dedupe: DedupeStore, key: string, leaseMs = minute): Promise<string> {
  const begun = await dedupe.begin(key, { leaseMs, fingerprint })
  return begun.state === 'fresh' ? begun.token : expect.fail(`the key is ${begun.state}`)
}

/** Commits what `work` writes in a partition with the record of `key`. */
async function commit(
  { dedupe, kv }: { readonly dedupe: DedupeStore; readonly kv: KeyValue },
  partition: string,
  key: string,
  work: (kv: KeyValue) => Promise<unknown>,
) {
  const within = keyInPartition(partition, key)
  const token = await tokenOf(dedupe, within)
  const transaction = new Transaction(systemRng, { partition })
  await work(controlOf('kv', kv).view('write', { transaction }) as KeyValue)
  return dedupe.commit(within, token, 'done', minute, transaction.changes)
}

function rowsOf(stub: DurableObjectStub, table: string, column: string) {
  return runInDurableObject(stub, (_object, { storage }) => {
    const exists = storage.sql.exec('SELECT 1 FROM sqlite_master WHERE name = ?', table).toArray().length > 0
    if (!exists) return []
    const rows = storage.sql.exec<Record<string, string>>(`SELECT ${column} FROM ${table} ORDER BY 1`)
    return rows.toArray().map((row) => row[column])
  })
}

const groupsOf = (name: string) => rowsOf(directoryOf(name), 'groups', 'name')

it('a record and the entries committed with it lie in one object, and whoever asks for a key finds it', async () => {
  const stores = opened('together')
  expect(await commit(stores, 'acme', 'placing/place:1', (kv) => kv.put('acme/row/1', 'placed'))).toBe(
    'committed',
  )
  const stub = objectOf('together', 'acme')
  expect(await rowsOf(stub, 'kv', 'key')).toEqual(['acme/row/1'])
  expect(await rowsOf(stub, 'ledger', 'key')).toEqual(['t:@acme/placing/place:1'])
  const { kv, dedupe } = opened('together')
  expect(await kv.get('acme/row/1')).toBe('placed')
  expect((await kv.list()).keys.map(({ key }) => key)).toEqual(['acme/row/1'])
  expect(await dedupe.look('@acme/placing/place:1')).toMatchObject({ state: 'done', result: 'done' })
  // A key without a partition has an object of its own.
  const before = (await listDurableObjectIds(env.PARTITIONS)).length
  await tokenOf(dedupe, 'placing/place:1')
  expect(await listDurableObjectIds(env.PARTITIONS)).toHaveLength(before + 1)
})

it('a fenced holder writes nothing, and a holder whose object was evicted meanwhile commits', async () => {
  const clock = movedClock()
  const { dedupe, kv } = opened('fenced', clock)
  const key = keyInPartition('acme', 'k')
  const changes = async (text: string): Promise<Changes> => {
    const transaction = new Transaction(systemRng, { partition: 'acme' })
    await (controlOf('kv', kv).view('write', { transaction }) as KeyValue).put('acme/row', text)
    return transaction.changes
  }
  const late = await tokenOf(dedupe, key)
  await clock.advance(minute)
  const token = await tokenOf(dedupe, key)
  expect(await dedupe.commit(key, late, 1, minute, await changes('late'))).toBe('fenced')
  expect(await rowsOf(objectOf('fenced', 'acme'), 'kv', 'key')).toEqual([])
  expect(await groupsOf('fenced')).toEqual([])
  await evictDurableObject(objectOf('fenced', 'acme'))
  expect(await dedupe.commit(key, token, 2, minute, await changes('right'))).toBe('committed')
  expect(await kv.get('acme/row')).toBe('right')
})

it('an alarm removes what has expired; an emptied object stores nothing and leaves the directory', async () => {
  const clock = movedClock()
  const name = 'expiry'
  const stores = opened(name, clock)
  const stub = () => objectOf(name, 'acme')
  await commit(stores, 'acme', 'k', async (kv) => {
    await kv.put('acme/short', '1', { ttlSeconds: 30 })
    await kv.put('acme/long', '1', { ttlSeconds: 3600 })
  })
  await stores.kv.put('other', '1')
  expect(await groupsOf(name)).toEqual(['acme/', 'other'])
  await clock.advance(minute)
  expect(await runDurableObjectAlarm(stub())).toBe(true)
  expect(await rowsOf(stub(), 'kv', 'key')).toEqual(['acme/long'])
  // What is left of the ledger is the fence of the record that is gone, for a while.
  expect(await stores.dedupe.look('@acme/k')).toEqual({ state: 'free' })
  await clock.advance(3_600_000)
  expect(await runDurableObjectAlarm(stub())).toBe(true)
  const tables = await runInDurableObject(stub(), (_object, { storage }) => [
    ...storage.sql.exec(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'`,
    ),
  ])
  expect(tables).toEqual([])
  expect(await groupsOf(name)).toEqual(['other'])
  // It comes back with its next entry.
  await stores.kv.put('acme/again', '1')
  expect((await stores.kv.list()).keys.map(({ key }) => key)).toEqual(['acme/again', 'other'])
})

it('a partition whose last entry was deleted leaves the directory, too', async () => {
  const { kv } = opened('deleted')
  await kv.put('acme/a', '1')
  await kv.put('acme', '1')
  expect(await groupsOf('deleted')).toEqual(['acme', 'acme/'])
  await kv.deleteMany(['acme', 'acme/a'])
  expect(await runDurableObjectAlarm(objectOf('deleted', 'acme'))).toBe(true)
  expect(await groupsOf('deleted')).toEqual([])
})

it('a refused write lists nothing in the directory', async () => {
  const { kv } = opened('refused')
  await expect(kv.put('acme/a', '1', { ifVersion: 'none' })).rejects.toMatchObject({
    kind: 'ConditionNotMatch',
  })
  expect(await groupsOf('refused')).toEqual([])
})

it('a write whose directory cannot be reached is not applied, and says so', async () => {
  const stub = objectOf('unreachable', 'acme')
  const of = { preset: 'durable-partitions', jurisdiction: undefined }
  const objects = boundNamespace<PartitionCalls>({ ...env }, 'PARTITIONS', of)
  const object = durableObject(objects, { name: partitionObject('unreachable', 'acme') })
  const put = { metadata: null, expiresAt: null, ifAbsent: false, ifVersion: null }
  // The Worker with the class binds it under another name than its caller.
  const outcome = await object.put('acme/a', '1', { ...put, directory: 'OTHER:id' })
  expect(outcome).toMatchObject({
    ok: false,
    kind: 'Misconfigured',
    applied: 'no',
    reason: expect.stringContaining('OTHER'),
  })
  expect(await rowsOf(stub, 'kv', 'key')).toEqual([])
})

it('keys of many partitions are listed in the order of their bytes, page by page', async () => {
  const { kv } = opened('listing')
  // "-" sorts before "/", and "0" after it: the keys of a partition are not always beside its bare name.
  const names = Array.from({ length: 40 }, (_, index) => `p${String(index).padStart(2, '0')}`)
  const keys = [
    'a',
    'a-b',
    'a-b/1',
    'a/',
    'a/1',
    'a/2',
    'a0',
    'a0/1',
    'é/1',
    '😀',
    '😀/1',
    ...names.map((one) => `${one}/1`),
  ]
  const bytes = (text: string) => new TextEncoder().encode(text)
  const sorted = keys.toSorted((one, other) => {
    const [left, right] = [bytes(one), bytes(other)]
    const at = left.findIndex((byte, index) => byte !== right[index])
    return at === -1 ? left.length - right.length : (left[at] ?? 0) - (right[at] ?? -1)
  })
  await Promise.all(keys.map((key) => kv.put(key, 'v')))
  const listed = async (prefix: string, limit: number) => {
    const found: string[] = []
    let cursor: string | undefined
    do {
      const page = await kv.list({ prefix, limit, ...(cursor === undefined ? {} : { cursor }) })
      expect(page.keys.length).toBeLessThanOrEqual(limit)
      found.push(...page.keys.map(({ key }) => key))
      cursor = page.cursor
    } while (cursor !== undefined)
    return found
  }
  for (const limit of [1, 2, 3, 7, 1000]) {
    for (const prefix of ['', 'a', 'a/', 'p', 'p1', '😀'])
      expect(await listed(prefix, limit), `${prefix} by ${limit}`).toEqual(
        sorted.filter((key) => key.startsWith(prefix)),
      )
  }
})

it('a listing passes over many partitions without visible entries', async () => {
  const clock = movedClock()
  const { kv } = opened('sparse', clock)
  const all = Array.from({ length: 150 }, (_, index) => `p${String(index).padStart(3, '0')}/1`)
  for (let from = 0; from < all.length; from += 30)
    await Promise.all(all.slice(from, from + 30).map((key) => kv.put(key, 'v', { ttlSeconds: 1 })))
  await kv.put('z/1', 'v')
  await clock.advance(1000)
  const keys: string[] = []
  for await (const { key } of kv.keys()) keys.push(key)
  expect(keys).toEqual(['z/1'])
})

it('a key in a partition that became unknown is listed, and settled', async () => {
  const clock = movedClock()
  const { dedupe } = opened('unknown', clock)
  const key = keyInPartition('acme', 'placing/charge:1')
  await dedupe.begin(key, { leaseMs: minute, fingerprint, started: true })
  await clock.advance(minute)
  await runDurableObjectAlarm(objectOf('unknown', 'acme'))
  const [found, ...more] = (await dedupe.unknowns()).keys
  expect([found?.key, more]).toEqual([key, []])
  await settleKey(dedupe, key, {
    fence: found?.fence ?? 0,
    outcome: { notDone: true },
    by: 'anna',
    why: 'asked the bank',
    clock,
    audit: () => undefined,
  })
  expect((await dedupe.unknowns()).keys).toEqual([])
})

it('a transaction that is larger than one call carries is refused before it is sent', async () => {
  const stores = opened('large')
  const half = new Uint8Array(1_900_000)
  const count = Math.ceil(answerBytes / half.byteLength)
  const written = commit(stores, 'acme', 'k', async (kv) => {
    for (let index = 0; index < count; index++) await kv.put(`acme/${index}`, half)
  })
  await expect(written).rejects.toMatchObject({ kind: 'LimitExceeded', applied: 'no' })
  expect((await stores.kv.list()).keys).toEqual([])
  const fits = commit(stores, 'acme', 'k2', async (kv) => {
    for (let index = 0; index < count - 1; index++) await kv.put(`acme/${index}`, half)
  })
  expect(await fits).toBe('committed')
})

it('a record without a partition cannot be committed with', async () => {
  const { dedupe } = opened('no partition')
  const token = await tokenOf(dedupe, 'k')
  await expect(dedupe.commit('k', token, 1, minute, { reads: [], writes: [] })).rejects.toMatchObject({
    code: 'EXACT004',
    message: expect.stringContaining('idempotency.partition'),
  })
})
