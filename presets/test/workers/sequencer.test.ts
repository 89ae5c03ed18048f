import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { sequencer } from '../../src/durable-state/preset.ts'
import type { Job, TestSequencer } from './durable-state-classes.ts'

const jobs = sequencer<Job>(env.SEQUENCER)

/** Runs inside the object of that key. */
function inside<T>(key: string, work: (object: TestSequencer) => T): Promise<T> {
  const stub = (env.SEQUENCER as unknown as DurableObjectNamespace<TestSequencer>).getByName(key)
  return runInDurableObject<TestSequencer, T>(stub, (object) => work(object))
}

const ring = (key: string) => runDurableObjectAlarm(env.SEQUENCER.getByName(key))
const journalOf = (key: string) => inside(key, ({ journal }) => [...journal])
const handled = async (key: string) =>
  (await journalOf(key)).filter((line) => line.startsWith('end')).map((line) => Number(line.slice(4)))
const idle = (key: string) => expect.poll(async () => (await jobs.of(key).status()).pending).toBe(0)

describe('Sequencer', () => {
  it('handles 100 events enqueued at once one after another, in the order they were accepted', async () => {
    const key = 'hundred'
    await Promise.all(Array.from({ length: 100 }, (_, n) => jobs.of(key).enqueue({ n })))
    await idle(key)
    const accepted = await inside(key, ({ arrived }) => [...arrived])
    expect(new Set(accepted).size).toBe(100)
    const journal = await journalOf(key)
    expect(journal).toEqual(accepted.flatMap((n) => [`begin ${n} attempt 1`, `end ${n}`]))
    expect(await inside(key, ({ mostRunning }) => mostRunning)).toBe(1)
  })

  it('handles keys side by side', async () => {
    let open = () => {}
    await inside('held', (object) => {
      object.gate = new Promise((resolve) => (open = resolve))
    })
    await jobs.of('held').enqueue({ n: 1 })
    await jobs.of('free').enqueue({ n: 2 })
    await idle('free')
    expect((await jobs.of('held').status()).pending).toBe(1)
    await inside('held', () => open())
    await idle('held')
  })

  it('a failing event holds up those behind it until it has been tried again', async () => {
    const key = 'failing'
    await jobs.of(key).enqueue({ n: 1, failures: 1 }, { id: 'first' })
    await jobs.of(key).enqueue({ n: 2 })
    await expect
      .poll(async () => (await jobs.of(key).status()).head)
      .toMatchObject({ id: 'first', attempts: 1, notBefore: expect.any(Number) as number })
    await expect.poll(() => inside(key, ({ running }) => running)).toBe(0)
    // An alarm before its time changes nothing.
    await ring(key)
    expect(await journalOf(key)).toEqual(['begin 1 attempt 1'])
    await inside(key, (object) => void (object.ahead = 60_001))
    await ring(key)
    await idle(key)
    expect(await journalOf(key)).toEqual([
      'begin 1 attempt 1',
      'begin 1 attempt 2',
      'end 1',
      'begin 2 attempt 1',
      'end 2',
    ])
  })

  it('tells an event that its time is over, and takes that for a failure', async () => {
    const key = 'slow'
    await inside(key, (object) => {
      object.timeoutMs = 30
      object.gate = new Promise(() => {})
    })
    await jobs.of(key).enqueue({ n: 1 }, { id: 'slow' })
    await expect
      .poll(async () => (await jobs.of(key).status()).head)
      .toMatchObject({
        id: 'slow',
        attempts: 1,
        notBefore: expect.toSatisfy((at: number) => at > Date.now()) as number,
      })
    expect(await inside(key, ({ running }) => running)).toBe(0)
  })

  it('sets an event aside after its attempts, goes on, and takes it back when asked', async () => {
    const key = 'dead'
    await jobs.of(key).enqueue({ n: 1, failures: 3 }, { id: 'hopeless' })
    await jobs.of(key).enqueue({ n: 2 })
    for (let attempt = 1; attempt <= 3; attempt++) {
      await expect.poll(async () => (await journalOf(key)).includes(`begin 1 attempt ${attempt}`)).toBe(true)
      await expect.poll(() => inside(key, ({ running }) => running)).toBe(0)
      await inside(key, (object) => void (object.ahead += 300_000))
      await ring(key)
    }
    await idle(key)
    expect(await handled(key)).toEqual([2])
    expect(await jobs.of(key).dead()).toEqual([
      { id: 'hopeless', event: { n: 1, failures: 3 }, attempts: 3, error: 'no luck with 1' },
    ])
    expect(await jobs.of(key).status()).toEqual({ pending: 0, dead: 1, head: null })
    expect((await jobs.of(key).enqueue({ n: 1 }, { id: 'hopeless' })).accepted).toBe(false)
    expect(await jobs.of(key).redrive('nobody')).toBe(false)
    expect(await jobs.of(key).redrive('hopeless')).toBe(true)
    await expect
      .poll(async () => (await journalOf(key)).filter((line) => line === 'begin 1 attempt 1').length)
      .toBe(2)
    expect((await jobs.of(key).status()).dead).toBe(0)
  })

  it('accepts an id once: while it waits, after it was handled, and until its time is over', async () => {
    const key = 'ids'
    const enqueue = () => jobs.of(key).enqueue({ n: 1 }, { id: 'same' })
    const answers = await Promise.all([enqueue(), enqueue(), enqueue()])
    expect(answers.map(({ accepted }) => accepted).toSorted()).toEqual([false, false, true])
    await idle(key)
    expect(await enqueue()).toEqual({ id: 'same', accepted: false })
    await inside(key, (object) => void (object.ahead = 3_600_001))
    // The next completion clears what is old.
    await jobs.of(key).enqueue({ n: 2 })
    await idle(key)
    expect((await enqueue()).accepted).toBe(true)
    await idle(key)
    expect(await handled(key)).toEqual([1, 2, 1])
  })

  it('goes on after the object was lost: what was accepted is handled in order, what was begun at least once', async () => {
    const key = 'lost'
    await inside(key, (object) => {
      object.gate = new Promise(() => {})
    })
    for (const n of [1, 2, 3]) await jobs.of(key).enqueue({ n }, { id: `job ${n}` })
    await expect.poll(async () => journalOf(key)).toEqual(['begin 1 attempt 1'])
    await runInDurableObject(env.SEQUENCER.getByName(key), (_, ctx) => ctx.abort('lost')).catch(
      () => undefined,
    )
    await idle(key)
    // The journal is the new object's.
    expect(await journalOf(key)).toEqual([
      'begin 1 attempt 2',
      'end 1',
      'begin 2 attempt 1',
      'end 2',
      'begin 3 attempt 1',
      'end 3',
    ])
  })

  it('keeps what waits through an eviction, and sets an alarm that is missing when it wakes', async () => {
    const key = 'evicted'
    await jobs.of(key).enqueue({ n: 1, failures: 1 })
    await jobs.of(key).enqueue({ n: 2 })
    await expect.poll(async () => (await jobs.of(key).status()).head?.attempts).toBe(1)
    await expect.poll(() => inside(key, ({ running }) => running)).toBe(0)
    await runInDurableObject(env.SEQUENCER.getByName(key), (_, { storage }) => storage.deleteAlarm())
    await evictDurableObject(env.SEQUENCER.getByName(key))
    expect((await jobs.of(key).status()).pending).toBe(2)
    expect(
      await runInDurableObject(env.SEQUENCER.getByName(key), (_, { storage }) => storage.getAlarm()),
    ).not.toBeNull()
    await inside(key, (object) => void (object.ahead = 60_001))
    await ring(key)
    await idle(key)
    expect(await handled(key)).toEqual([1, 2])
  })

  it('tells whoever enqueues that its options cannot be, and keeps nothing', async () => {
    const key = 'wrong-options'
    for (const changed of [
      { maxAttempts: 0 },
      { maxAttempts: Number.NaN },
      { retryBaseMs: -1 },
      { retryMaxMs: Infinity },
      { timeoutMs: 2 ** 31 },
      { rememberMs: 1e15 },
    ]) {
      await inside(key, (object) => void (object.changed = changed))
      await expect(jobs.of(key).enqueue({ n: 1 })).rejects.toMatchObject({ kind: 'Misconfigured' })
    }
    await inside(key, (object) => void (object.changed = {}))
    expect((await jobs.of(key).status()).pending).toBe(0)
    await jobs.of(key).enqueue({ n: 2 })
    await idle(key)
    expect(await handled(key)).toEqual([2])
  })

  it('refuses what it cannot keep', async () => {
    const one = jobs.of('refusing')
    await expect(one.enqueue(undefined as never)).rejects.toMatchObject({ kind: 'InvalidInput' })
    await expect(one.enqueue({ n: 1 }, { id: '' })).rejects.toMatchObject({ kind: 'InvalidInput' })
    const large = { n: 1, text: 'x'.repeat(2_000_000) }
    await expect(one.enqueue(large as Job)).rejects.toMatchObject({ kind: 'LimitExceeded' })
    await expect(one.enqueue({ n: 1 }, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      kind: 'Cancelled',
    })
    expect(await one.status()).toEqual({ pending: 0, dead: 0, head: null })
  })
})
