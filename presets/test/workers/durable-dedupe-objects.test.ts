import {
  evictDurableObject,
  listDurableObjectIds,
  runDurableObjectAlarm,
  runInDurableObject,
} from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import {
  createDedupeStore,
  createKeyValue,
  type DedupeStore,
  type KeyValue,
  longestLifeMs,
} from '@flowport/capabilities'
import { ManualClock } from '@flowport/capabilities/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { durableObject } from '../../src/durable-dedupe/preset.ts'
import type { DurableDedupeOptions } from '../../src/durable-dedupe/declaration.ts'
import { openDurableDrivers } from '../../src/durable-dedupe/drivers.ts'
import { sweepSpacingMs } from '../../src/cloudflare/durable-ledger/expiry-alarm.ts'
import { lateHolderMs } from '../../src/cloudflare/durable-ledger/ledger.ts'
import { indexName, objectName } from '../../src/cloudflare/durable-ledger/object-names.ts'
import { translateError } from '../../src/cloudflare/durable/translate-error.ts'

afterEach(() => void vi.restoreAllMocks())

const minute = 60_000
const fingerprint = 'f'

function dedupeStore(options: DurableDedupeOptions): DedupeStore {
  const { dedupe } = openDurableDrivers({ ...env }, options)
  return createDedupeStore(dedupe ?? expect.fail('the driver is missing'))
}

function keyValue(name: string, clock?: ManualClock): KeyValue {
  const { kv } = openDurableDrivers({ ...env }, { name })
  return createKeyValue(kv ?? expect.fail('the driver is missing'), clock === undefined ? {} : { clock })
}

/** The clock of everything in this isolate, the objects included. */
function movedClock(): ManualClock {
  const clock = new ManualClock()
  vi.spyOn(Date, 'now').mockImplementation(() => clock.now())
  return clock
}

function ledgerOf(name: string, key: string, shards?: number) {
  return durableObject(env.LEDGER, { name: objectName({ name, shards }, `t:${key}`) })
}

async function tokenOf(dedupe: DedupeStore, key: string, leaseMs = minute): Promise<string> {
  const begun = await dedupe.begin(key, { leaseMs, fingerprint })
  return begun.state === 'fresh' ? begun.token : expect.fail(`the key is ${begun.state}`)
}

/** Everything in the object's storage: tables and the alarm. */
function stored(stub: DurableObjectStub) {
  return runInDurableObject(stub, async (_object, { storage }) => ({
    tables: [
      ...storage.sql.exec<{ name: string }>(
        `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'`,
      ),
    ].map(({ name }) => name),
    alarm: await storage.getAlarm(),
  }))
}

const empty = { tables: [], alarm: null }

describe('expiry', () => {
  it('the alarm fires by itself when a reservation ends: the key is free and nothing is stored', async () => {
    const dedupe = dedupeStore({ name: 'fires' })
    expect(await dedupe.putIfAbsent('key', 1500)).toBe(true)
    expect(await dedupe.putIfAbsent('key', 1500)).toBe(false)
    expect(await stored(ledgerOf('fires', 'key'))).toMatchObject({ tables: ['ledger'] })
    await expect.poll(() => stored(ledgerOf('fires', 'key'))).toEqual(empty)
    expect(await dedupe.putIfAbsent('key', minute)).toBe(true)
    expect(await dedupe.putIfAbsent('key', minute)).toBe(false)
  })

  it("a lease that ended stays its late holder's for a day, then nothing is stored", async () => {
    const clock = movedClock()
    const dedupe = dedupeStore({ name: 'late' })
    const token = await tokenOf(dedupe, 'key')
    expect(await stored(ledgerOf('late', 'key'))).toMatchObject({
      alarm: clock.now() + minute + lateHolderMs,
    })
    await clock.advance(minute + lateHolderMs - 1)
    expect(await runDurableObjectAlarm(ledgerOf('late', 'key'))).toBe(true)
    expect(await dedupe.renew('key', token, minute)).toBe(true)
    await clock.advance(minute + lateHolderMs)
    expect(await runDurableObjectAlarm(ledgerOf('late', 'key'))).toBe(true)
    expect(await stored(ledgerOf('late', 'key'))).toEqual(empty)
    expect(await dedupe.complete('key', token, 1, minute)).toBe(false)
  })

  it('an alarm that finds something left keeps it, and the next one is not at once', async () => {
    const clock = movedClock()
    const dedupe = dedupeStore({ name: 'shared', shards: 1 })
    await dedupe.putIfAbsent('first', minute)
    await dedupe.putIfAbsent('second', minute + 1)
    await dedupe.putIfAbsent('long', 100 * minute)
    const stub = ledgerOf('shared', 'first', 1)
    expect(await stored(stub)).toMatchObject({ alarm: clock.now() + minute })
    await clock.advance(minute)
    await runDurableObjectAlarm(stub)
    expect(await stored(stub)).toMatchObject({ alarm: clock.now() + sweepSpacingMs })
    await dedupe.putIfAbsent('soon', 1)
    expect(await stored(stub)).toMatchObject({ alarm: clock.now() + sweepSpacingMs })
    expect(await dedupe.putIfAbsent('first', minute)).toBe(true)
    expect(await dedupe.putIfAbsent('second', minute)).toBe(false)
    expect(await dedupe.putIfAbsent('long', minute)).toBe(false)
    await clock.advance(99 * minute)
    await runDurableObjectAlarm(stub)
    expect(await stored(stub)).toEqual(empty)
  })

  it('the longest time to live is kept, and the alarm is set a year ahead', async () => {
    const clock = movedClock()
    const dedupe = dedupeStore({ name: 'far' })
    expect(await dedupe.putIfAbsent('key', longestLifeMs)).toBe(true)
    expect(await stored(ledgerOf('far', 'key'))).toMatchObject({
      alarm: clock.now() + 365 * 24 * 60 * minute,
    })
    await clock.advance(365 * 24 * 60 * minute)
    await runDurableObjectAlarm(ledgerOf('far', 'key'))
    expect(await dedupe.putIfAbsent('key', 1)).toBe(false)
  })

  it('legacy objects forget by alarm as well, page by page', async () => {
    const clock = movedClock()
    const options = { name: 'legacy', storage: 'legacy-kv', binding: 'LEGACY_LEDGER', shards: 1 } as const
    const dedupe = dedupeStore(options)
    const keys = Array.from({ length: 150 }, (_, i) => `key-${i}`)
    await Promise.all(keys.map((key, i) => dedupe.putIfAbsent(key, i % 2 === 0 ? minute : 60 * minute)))
    const stub = durableObject(env.LEGACY_LEDGER, { name: objectName(options, 't:key-0') })
    const left = () => runInDurableObject(stub, async (_object, { storage }) => (await storage.list()).size)
    expect(await left()).toBe(150)
    await clock.advance(minute)
    expect(await runDurableObjectAlarm(stub)).toBe(true)
    expect(await left()).toBe(75)
    await clock.advance(60 * minute)
    expect(await runDurableObjectAlarm(stub)).toBe(true)
    expect(await left()).toBe(0)
    expect(await runDurableObjectAlarm(stub)).toBe(false)
  })

  it('kv entries go by alarm; entries without an end stay and need none', async () => {
    const clock = movedClock()
    const kv = keyValue('kv-expiry', clock)
    const stub = durableObject(env.KV_OBJECT, { name: 'kv-expiry' })
    await kv.put('stays', 'value')
    expect(await stored(stub)).toEqual({ tables: ['kv'], alarm: null })
    await kv.put('ends', 'value', { ttlSeconds: 60 })
    await clock.advance(minute)
    expect(await kv.get('ends')).toBeNull()
    expect(await runDurableObjectAlarm(stub)).toBe(true)
    const rows = () =>
      runInDurableObject(stub, (_object, { storage }) => [...storage.sql.exec('SELECT key FROM kv')])
    expect(await rows()).toEqual([{ key: 'stays' }])
    expect(await stored(stub)).toEqual({ tables: ['kv'], alarm: null })
    await kv.delete('stays')
    await kv.put('last', 'value', { ttlSeconds: 1 })
    await clock.advance(sweepSpacingMs)
    await runDurableObjectAlarm(stub)
    expect(await stored(stub)).toEqual(empty)
    await kv.put('again', 'value')
    expect(await kv.get('again')).toBe('value')
  })

  it('an object that was only asked stores nothing', async () => {
    const dedupe = dedupeStore({ name: 'asked' })
    await dedupe.forget('key')
    expect(await dedupe.complete('key', 'token', 1, minute)).toBe(false)
    expect(await dedupe.release('key', 'token')).toBe(false)
    expect(await dedupe.renew('key', 'token', minute)).toBe(false)
    expect(await stored(ledgerOf('asked', 'key'))).toEqual(empty)
    const kv = keyValue('asked')
    expect(await kv.get('key')).toBeNull()
    await kv.delete('key')
    expect((await kv.list()).keys).toEqual([])
    expect(await stored(durableObject(env.KV_OBJECT, { name: 'asked' }))).toEqual(empty)
  })
})

describe('one object, one step at a time', () => {
  it('read and write with a pause between let many callers in; the steps of the ledger let in one', async () => {
    const stub = ledgerOf('interleaved', 'key')
    const naive = () =>
      runInDurableObject(stub, async (_object, { storage }) => {
        const [taken] = storage.sql.exec('SELECT 1 FROM sqlite_master WHERE name = ?', 'taken').toArray()
        await scheduler.wait(1)
        if (taken === undefined) storage.sql.exec('CREATE TABLE IF NOT EXISTS taken (by)')
        return taken === undefined
      })
    const got = await Promise.all(Array.from({ length: 20 }, naive))
    expect(got.filter(Boolean).length).toBeGreaterThan(1)

    for (const options of [{}, { storage: 'legacy-kv', binding: 'LEGACY_LEDGER' }] as const) {
      const dedupe = dedupeStore({ name: 'interleaved', ...options })
      const won = await Promise.all(Array.from({ length: 200 }, () => dedupe.putIfAbsent('key', minute)))
      expect(won.filter(Boolean)).toHaveLength(1)
    }
  })
})

describe('objects put out of memory', () => {
  for (const [kind, options] of Object.entries({
    sqlite: {},
    legacy: { storage: 'legacy-kv', binding: 'LEGACY_LEDGER' },
  } as const)) {
    it(`${kind}: a holder completes, an old token stays refused, and the alarm is still set`, async () => {
      const clock = movedClock()
      const name = `evicted ${kind}`
      const dedupe = dedupeStore({ name, ...options })
      const namespace = kind === 'legacy' ? env.LEGACY_LEDGER : env.LEDGER
      const stub = () => durableObject(namespace, { name: objectName({ name, shards: undefined }, 't:key') })
      const late = await tokenOf(dedupe, 'key')
      await evictDurableObject(stub())
      await clock.advance(minute)
      const holder = await tokenOf(dedupe, 'key')
      await evictDurableObject(stub())
      expect(await dedupe.complete('key', late, 'late', minute)).toBe(false)
      expect(await dedupe.complete('key', holder, 'right', minute)).toBe(true)
      await evictDurableObject(stub())
      expect(await dedupe.begin('key', { leaseMs: minute, fingerprint })).toEqual({
        state: 'done',
        result: 'right',
      })
      await clock.advance(minute + lateHolderMs)
      expect(await runDurableObjectAlarm(stub())).toBe(true)
      await tokenOf(dedupe, 'key')
    })
  }

  it('an object that is reset in the middle of a call is Unavailable for it, and serves the next', async () => {
    const dedupe = dedupeStore({ name: 'reset' })
    const stub = ledgerOf('reset', 'key')
    const token = await tokenOf(dedupe, 'key')
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
    const resetting = runInDurableObject(stub, (_object, ctx) =>
      ctx.blockConcurrencyWhile(async () => {
        await held
        ctx.abort('reset by a test')
      }),
    )
    const outcomes = Promise.allSettled([resetting, dedupe.renew('key', token, minute)])
    letGo()
    expect((await outcomes)[1]).toMatchObject({
      status: 'rejected',
      reason: { kind: 'Unavailable', retryable: 'temporary' },
    })
    expect(await dedupe.complete('key', token, 1, minute)).toBe(true)
  })
})

describe('callers', () => {
  it('are let go when their signal fires, while the object finishes what it has begun', async () => {
    const dedupe = dedupeStore({ name: 'cancelled' })
    const stub = ledgerOf('cancelled', 'key')
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
    const holding = runInDurableObject(stub, (_object, ctx) => ctx.blockConcurrencyWhile(() => held))
    const controller = new AbortController()
    const waiting = dedupe.putIfAbsent('key', minute, { signal: controller.signal })
    controller.abort(new Error('gone'))
    await expect(waiting).rejects.toMatchObject({ kind: 'Cancelled' })
    letGo()
    await holding
    expect(await dedupe.putIfAbsent('key', minute)).toBe(false)
  })

  it('are told when another class is bound', async () => {
    const dedupe = dedupeStore({ binding: 'SEQUENCER' })
    await expect(dedupe.putIfAbsent('key', minute)).rejects.toMatchObject({
      kind: 'Misconfigured',
      message: expect.stringContaining('class'),
    })
  })

  it('are told when a class that needs SQL was declared without', async () => {
    const stub = durableObject(env.LEGACY_LEDGER, { name: 'no sql' })
    const asked = runInDurableObject(stub, (_object, { storage }) => void storage.sql.exec('SELECT 1'))
    const error = await asked.catch((error: unknown) => translateError(error))
    expect(error).toMatchObject({
      kind: 'Misconfigured',
      message: expect.stringContaining('new_sqlite_classes'),
    })
  })

  it('find a key in the same object always, and with shards in one of so many', async () => {
    const before = (await listDurableObjectIds(env.LEDGER)).length
    const keys = Array.from({ length: 100 }, (_, i) => `key-${i}`)
    const reserve = (dedupe: DedupeStore) => Promise.all(keys.map((key) => dedupe.putIfAbsent(key, minute)))
    expect(await reserve(dedupeStore({ name: 'four', shards: 4 }))).not.toContain(false)
    expect(await reserve(dedupeStore({ name: 'four', shards: 4 }))).not.toContain(true)
    expect(await listDurableObjectIds(env.LEDGER)).toHaveLength(before + 4)
    expect(await reserve(dedupeStore({ name: 'other', shards: 4 }))).not.toContain(false)
  })
})

describe('answers larger than one call carries', () => {
  it('come in several: getMany of 38 MB', async () => {
    const kv = keyValue('many')
    const keys = Array.from({ length: 20 }, (_, i) => `key-${i}`)
    for (const [i, key] of keys.entries()) await kv.put(key, new Uint8Array(1_900_000).fill(i))
    const found = await kv.getMany([...keys, 'absent'], { as: 'bytes' })
    expect(found.get('absent')).toBeNull()
    expect(keys.map((key) => found.get(key)?.byteLength)).toEqual(keys.map(() => 1_900_000))
    expect(keys.map((key) => found.get(key)?.at(-1))).toEqual(keys.map((_, i) => i))
  })

  it('come in several: a page of 9 MB of metadata', async () => {
    const kv = keyValue('pages')
    const metadata = 'm'.repeat(16_000)
    const keys = Array.from({ length: 600 }, (_, i) => `key-${String(i).padStart(3, '0')}`)
    for (let start = 0; start < keys.length; start += 50) {
      await Promise.all(keys.slice(start, start + 50).map((key) => kv.put(key, '', { metadata })))
    }
    const page = await kv.list()
    expect(page.listComplete).toBe(false)
    expect(page.keys.length).toBeLessThan(600)
    const listed: string[] = []
    for await (const { key } of kv.keys()) listed.push(key)
    expect(listed).toEqual(keys)
  })
})

describe('unknown keys', () => {
  const index = (name: string) => durableObject(env.LEDGER, { name: indexName(name) })
  const rowsOf = (stub: DurableObjectStub) =>
    runInDurableObject(stub, (_object, { storage }) =>
      storage.sql.exec('SELECT key, unlisted_in FROM ledger WHERE key > ?', '').toArray(),
    )
  const started = async (dedupe: DedupeStore, key: string, leaseMs: number) => {
    const begun = await dedupe.begin(key, { leaseMs, fingerprint, started: true })
    return begun.state === 'fresh' ? begun : expect.fail(`the key is ${begun.state}`)
  }
  const namesIn = async (dedupe: DedupeStore) => (await dedupe.unknowns()).keys.map(({ key }) => key)

  it('are listed when the alarm at the end of their lease fires, by itself', async () => {
    const dedupe = dedupeStore({ name: 'listed' })
    const { fence } = await started(dedupe, 'left', 1500)
    expect(await dedupe.unknowns()).toEqual({ keys: [], cursor: null })
    await expect.poll(() => namesIn(dedupe)).toEqual(['left'])
    const [found] = (await dedupe.unknowns()).keys
    expect(found).toMatchObject({ key: 'left', fence })
    expect(await rowsOf(ledgerOf('listed', 'left'))).toEqual([{ key: 't:left', unlisted_in: null }])
  })

  it('a key that is completed within its lease tells its index nothing', async () => {
    const clock = movedClock()
    const dedupe = dedupeStore({ name: 'ordinary' })
    const before = (await listDurableObjectIds(env.LEDGER)).length
    const { token } = await started(dedupe, 'key', minute)
    expect(await dedupe.complete('key', token, 1, 60 * minute)).toBe(true)
    await clock.advance(minute)
    await runDurableObjectAlarm(ledgerOf('ordinary', 'key'))
    expect(await listDurableObjectIds(env.LEDGER)).toHaveLength(before + 1)
    await clock.advance(60 * minute)
    await runDurableObjectAlarm(ledgerOf('ordinary', 'key'))
    expect(await stored(ledgerOf('ordinary', 'key'))).toEqual(empty)
  })

  it('leave the index when it is read after they were settled, and stay for years otherwise', async () => {
    const clock = movedClock()
    const dedupe = dedupeStore({ name: 'settled' })
    for (const key of ['one', 'two']) await started(dedupe, key, minute)
    await clock.advance(minute)
    for (const key of ['one', 'two']) await runDurableObjectAlarm(ledgerOf('settled', key))
    await clock.advance(3 * 365 * 86_400_000)
    await runDurableObjectAlarm(ledgerOf('settled', 'one'))
    expect(await namesIn(dedupe)).toEqual(['one', 'two'])
    const [one] = (await dedupe.unknowns()).keys
    const taken = await dedupe.takeOver('one', { fence: one?.fence ?? 0, leaseMs: minute })
    expect(await namesIn(dedupe)).toEqual(['two'])
    expect(await dedupe.release('one', taken?.token ?? '')).toBe(true)
    expect((await rowsOf(index('settled'))).map(({ key }) => key)).toEqual(['t:one', 't:two'])
    expect(await namesIn(dedupe)).toEqual(['two'])
    expect((await rowsOf(index('settled'))).map(({ key }) => key)).toEqual(['t:two'])
  })

  it('whose lease was renewed are listed when the renewed lease ends', async () => {
    const clock = movedClock()
    const dedupe = dedupeStore({ name: 'renewed' })
    const { token } = await started(dedupe, 'key', minute)
    await clock.advance(minute / 2)
    expect(await dedupe.renew('key', token, minute)).toBe(true)
    await clock.advance(minute / 2)
    const stub = ledgerOf('renewed', 'key')
    await runDurableObjectAlarm(stub)
    expect(await namesIn(dedupe)).toEqual([])
    expect(await stored(stub)).toMatchObject({ alarm: clock.now() + minute / 2 })
    await clock.advance(minute / 2)
    await runDurableObjectAlarm(stub)
    expect(await namesIn(dedupe)).toEqual(['key'])
  })

  it('an index that cannot be reached is told later', async () => {
    const clock = movedClock()
    const dedupe = dedupeStore({ name: 'later' })
    await started(dedupe, 'key', minute)
    const stub = ledgerOf('later', 'key')
    const stolen = await runInDurableObject(stub, (_object, { storage }) => {
      const [row] = storage.sql.exec<{ unlisted_in: string }>('SELECT unlisted_in FROM ledger').toArray()
      storage.sql.exec('UPDATE ledger SET unlisted_in = ?', 'no id')
      return row?.unlisted_in ?? expect.fail('the record has no index')
    })
    await clock.advance(minute)
    await runDurableObjectAlarm(stub)
    expect(await namesIn(dedupe)).toEqual([])
    expect(await stored(stub)).toMatchObject({ alarm: clock.now() + sweepSpacingMs })
    await runInDurableObject(
      stub,
      (_object, { storage }) => void storage.sql.exec('UPDATE ledger SET unlisted_in = ?', stolen),
    )
    await clock.advance(sweepSpacingMs)
    await runDurableObjectAlarm(stub)
    expect(await namesIn(dedupe)).toEqual(['key'])
  })

  it('of shared objects are listed over many pages, each object asked in turn', async () => {
    const dedupe = dedupeStore({ name: 'pages', shards: 40 })
    const keys = Array.from({ length: 25 }, (_, i) => `key-${String(i).padStart(2, '0')}`)
    for (const key of keys) await dedupe.abandon(key, (await started(dedupe, key, minute)).token)
    const found: unknown[] = []
    let cursor: string | null = null
    let pages = 0
    do {
      const page = await dedupe.unknowns(cursor === null ? { limit: 7 } : { limit: 7, cursor })
      found.push(...page.keys.map(({ key }) => key))
      cursor = page.cursor
      pages++
    } while (cursor !== null)
    expect(found.toSorted()).toEqual(keys)
    expect(pages).toBeGreaterThanOrEqual(4)
    for (const wrong of ['40:', 'x', '-1:'])
      await expect(dedupe.unknowns({ cursor: wrong })).rejects.toMatchObject({ kind: 'InvalidInput' })
  })
})
