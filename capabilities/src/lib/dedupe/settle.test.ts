import { describe, expect, it } from 'vitest'
import { memoryDedupeDriver } from '../memory/dedupe.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { createDedupeStore } from './dedupe-store.ts'
import { type SettledOutcome, type SettlementEvent, type SettleOptions, settleKey } from './settle.ts'

const fingerprint = 'request'
const day = 86_400_000

/** A ledger with one key that is unknown under `fence`. */
async function unknownKey() {
  const clock = new ManualClock()
  const store = createDedupeStore(memoryDedupeDriver({ clock }))
  const holder = await store.begin('key', { leaseMs: 1000, fingerprint, started: true })
  if (holder.state !== 'fresh') return expect.fail('a new key must be fresh')
  await clock.advance(1001)
  const events: SettlementEvent[] = []
  const settle = (outcome: SettledOutcome, more: Partial<SettleOptions> = {}) =>
    settleKey(store, 'key', {
      fence: holder.fence,
      outcome,
      by: 'anna@example.com',
      why: 'the charge is in the ledger of the bank',
      clock,
      audit: (event) => void events.push(event),
      ...more,
    })
  const look = () => store.begin('key', { leaseMs: 1000, fingerprint, started: true })
  return { clock, store, holder, events, settle, look }
}

describe('settleKey', () => {
  it('stores the result of an effect that was made: later callers get it', async () => {
    const { settle, look, holder, events, clock } = await unknownKey()
    const settled = await settle({ done: { id: 'ch_1' }, ttlMs: day })
    expect(settled).toMatchObject({ key: 'key', outcome: 'done', fence: holder.fence, at: clock.now() })
    expect(settled.newFence).toBeGreaterThan(holder.fence)
    expect(await look()).toEqual({ state: 'done', result: { id: 'ch_1' } })
    expect(events).toEqual([
      { ...settled, phase: 'taken over' },
      { ...settled, phase: 'settled' },
    ])
    expect(JSON.stringify(events)).not.toContain('ch_1')
  })

  it('frees the key of an effect that was not made, for a holder with a larger fence than the settlement', async () => {
    const { settle, look, store, holder } = await unknownKey()
    const { newFence } = await settle({ notDone: true })
    const next = await look()
    expect(next.state === 'fresh' && next.fence).toBeGreaterThan(newFence)
    expect(await store.complete('key', holder.token, 'late', day)).toBe(false)
  })

  it('refuses a fence that is no longer current, and changes nothing', async () => {
    const { settle, store, holder, events } = await unknownKey()
    const taken = await store.takeOver('key', { fence: holder.fence, leaseMs: 1000 })
    await store.abandon('key', taken?.token ?? '')
    await expect(settle({ notDone: true })).rejects.toMatchObject({
      kind: 'ConditionNotMatch',
      code: 'LEDGER_FENCE',
      details: { fence: taken?.fence, seen: holder.fence },
    })
    expect(await store.look('key')).toMatchObject({ state: 'unknown', fence: taken?.fence })
    expect(events).toEqual([])
  })

  it('refuses a key that is free, in flight or done', async () => {
    const { settle, look } = await unknownKey()
    await settle({ notDone: true })
    const refused = (state: string) =>
      expect(settle({ done: 1, ttlMs: day })).rejects.toMatchObject({
        code: 'LEDGER_NOT_UNKNOWN',
        details: { state },
      })
    await refused('free')
    expect((await look()).state).toBe('fresh')
    await refused('in_flight')
    const other = await unknownKey()
    await other.settle({ done: 1, ttlMs: day })
    await expect(other.settle({ notDone: true })).rejects.toMatchObject({ details: { state: 'done' } })
  })

  it('lets one of many settle', async () => {
    const { settle } = await unknownKey()
    const tried = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => settle(i % 2 === 0 ? { notDone: true } : { done: i, ttlMs: day })),
    )
    expect(tried.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('settles nothing without a trace: the key stays unknown when the audit rejects', async () => {
    const { settle, store } = await unknownKey()
    const failure = new Error('the audit log is full')
    await expect(settle({ done: 1, ttlMs: day }, { audit: () => Promise.reject(failure) })).rejects.toBe(
      failure,
    )
    expect((await store.look('key')).state).toBe('unknown')
  })

  it('leaves the key unknown, and says so, when the ledger fails', async () => {
    const { settle, store, events } = await unknownKey()
    const broken = new Proxy(store, {
      get(target, name) {
        if (name === 'complete') return () => Promise.reject(new Error('lost'))
        const own: unknown = Reflect.get(target, name, target)
        return typeof own === 'function' ? (own.bind(target) as unknown) : own
      },
    })
    const { fence } = await store
      .look('key')
      .then((found) => (found.state === 'unknown' ? found : expect.fail()))
    const options = { fence, outcome: { done: 1, ttlMs: day }, by: 'b', why: 'w', clock: { now: () => 0 } }
    await expect(
      settleKey(broken, 'key', { ...options, audit: (event) => void events.push(event) }),
    ).rejects.toThrow('lost')
    expect(events.map(({ phase }) => phase)).toEqual(['taken over', 'failed'])
    expect((await store.look('key')).state).toBe('unknown')
    await expect(settle({ notDone: true })).rejects.toMatchObject({ code: 'LEDGER_FENCE' })
  })

  it.each([
    ['a result that is not JSON', { outcome: { done: () => 1, ttlMs: day } }, 'InvalidInput'],
    ['a result over the limit', { outcome: { done: 'x'.repeat(2 ** 20), ttlMs: day } }, 'LimitExceeded'],
    ['no time to live', { outcome: { done: 1, ttlMs: 0 } }, 'InvalidInput'],
    ['nobody', { by: ' ' }, 'InvalidInput'],
    ['no reason', { why: '' }, 'InvalidInput'],
    ['a second line', { why: 'fine\n{"level":50}' }, 'InvalidInput'],
    ['a novel', { why: 'x'.repeat(2001) }, 'InvalidInput'],
  ])('refuses %s before it takes anything over', async (_, more, kind) => {
    const { settle, store, holder } = await unknownKey()
    await expect(settle({ notDone: true }, more)).rejects.toMatchObject({ kind })
    expect(await store.look('key')).toMatchObject({ state: 'unknown', fence: holder.fence })
  })
})
