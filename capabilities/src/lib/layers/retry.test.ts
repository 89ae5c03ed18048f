import { describe, expect, it, vi } from 'vitest'
import { CapabilityError, type CapabilityErrorOptions } from '../error.ts'
import { type Call, type CallScope, createPipeline } from '../layer.ts'
import { silentLogger } from '../logger.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { seededRng } from '../rng/seeded-rng.ts'
import { retry, type RetryOptions } from './retry.ts'

/** A store that fails as told and then answers. */
function failing(...errors: readonly unknown[]) {
  const calls: Call[] = []
  const left = [...errors]
  return {
    calls,
    execute: (call: Call) => {
      calls.push(call)
      const error = left.shift()
      if (error !== undefined) throw error
      return 'answer'
    },
  }
}

function down(options: CapabilityErrorOptions = {}) {
  return new CapabilityError('Unavailable', 'down', options)
}

function start(
  operation: string,
  store: ReturnType<typeof failing>,
  options: RetryOptions = {},
  scope: CallScope = {},
) {
  const clock = new ManualClock()
  const rng = { float: () => 0.5 }
  const pipeline = createPipeline('kv', 'kv', [retry({ clock, rng, ...options })])
  const outcome = pipeline.run(operation, 'k', scope, undefined, store.execute).then(
    (value) => ({ value }),
    (error: unknown) => ({ error: error as CapabilityError }),
  )
  return { clock, outcome }
}

describe('retry', () => {
  it('answers a call that works at once without waiting', async () => {
    const store = failing()
    const { outcome, clock } = start('get', store)
    expect(await outcome).toEqual({ value: 'answer' })
    expect(clock.sleeping).toBe(0)
    expect(store.calls.map(({ attempt }) => attempt)).toEqual([1])
  })

  it('tries temporary errors again, telling the attempt, after pauses that double', async () => {
    const store = failing(down(), down())
    const { outcome, clock } = start('get', store)
    await clock.advance(49)
    expect(store.calls).toHaveLength(1)
    await clock.advance(1)
    expect(store.calls).toHaveLength(2)
    await clock.advance(99)
    expect(store.calls).toHaveLength(2)
    await clock.advance(1)
    expect(await outcome).toEqual({ value: 'answer' })
    expect(store.calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3])
  })

  it('gives up after maxAttempts with the last error, final, with the number of attempts', async () => {
    const store = failing(down(), down(), down({ code: 'LAST', details: { region: 'x' } }))
    const { outcome, clock } = start('get', store)
    await clock.advance(10_000)
    const { error } = (await outcome) as { error: CapabilityError }
    expect(store.calls).toHaveLength(3)
    expect(error.toJSON()).toMatchObject({
      kind: 'Unavailable',
      code: 'LAST',
      retryable: 'never',
      capability: 'kv',
      operation: 'get',
      key: 'k',
      details: { region: 'x', attempts: 3, gaveUp: 'exhausted' },
    })
    expect(error.message).toBe('kv.get "k": down')
  })

  it('passes errors that are not its own untouched', async () => {
    const notFound = new CapabilityError('NotFound', 'no', { capability: 'kv', operation: 'get' })
    const missing = start('get', failing(notFound))
    expect(((await missing.outcome) as { error: unknown }).error).toBe(notFound)
    const conditional = start('putConditional', failing(down()))
    const { error } = (await conditional.outcome) as { error: CapabilityError }
    expect(error).toMatchObject({ retryable: 'temporary', details: undefined })
  })

  it('does not multiply: a retry outside of a retry adds nothing', async () => {
    const store = failing(...Array.from({ length: 50 }, () => down()))
    const clock = new ManualClock()
    const layers = [retry({ clock }), retry({ clock }), retry({ clock })]
    const run = createPipeline('kv', 'kv', layers).run('get', 'k', undefined, undefined, store.execute)
    const outcome = expect(run).rejects.toMatchObject({ kind: 'Unavailable' })
    await clock.advance(60_000)
    await outcome
    expect(store.calls).toHaveLength(3)
  })

  it('leaves the calls of a caller who tries again by itself as they are', async () => {
    const store = failing(down())
    const pipeline = createPipeline('kv', 'kv', [retry({ clock: new ManualClock() })])
    const answer = pipeline.run('get', 'k', undefined, { isRetried: true }, store.execute)
    await expect(answer).rejects.toMatchObject({ reason: 'down', retryable: 'temporary', details: undefined })
    expect(store.calls).toHaveLength(1)
  })

  it('waits as long as the store asks', async () => {
    const store = failing(new CapabilityError('RateLimited', 'slow down', { retryAfterMs: 2000 }))
    const { outcome, clock } = start('get', store)
    await clock.advance(1999)
    expect(store.calls).toHaveLength(1)
    await clock.advance(51)
    expect(await outcome).toEqual({ value: 'answer' })
  })

  it('gives up at once when what the store asks passes the deadline', async () => {
    const clock = new ManualClock()
    const store = failing(new CapabilityError('RateLimited', 'slow down', { retryAfterMs: 2000 }))
    const { outcome } = start('get', store, { clock }, { deadline: clock.now() + 1500 })
    const { error } = (await outcome) as { error: CapabilityError }
    expect(error).toMatchObject({
      kind: 'RateLimited',
      retryAfterMs: 2000,
      details: { attempts: 1, gaveUp: 'deadline' },
    })
    expect(clock.sleeping).toBe(0)
  })

  it('starts no try after the deadline, also when a pause lasts longer than asked for', async () => {
    const clock = new ManualClock()
    const store = failing(down())
    const { outcome } = start('get', store, { clock }, { deadline: clock.now() + 60 })
    await clock.advance(10)
    clock.jump(1000)
    await clock.advance(100)
    expect(await outcome).toMatchObject({ error: { kind: 'Unavailable', details: { gaveUp: 'deadline' } } })
    expect(store.calls).toHaveLength(1)
  })

  it('stops waiting when the signal fires', async () => {
    const controller = new AbortController()
    const store = failing(down())
    const { outcome, clock } = start('get', store, {}, { signal: controller.signal })
    await clock.advance(10)
    expect(clock.sleeping).toBe(1)
    controller.abort(new Error('gone'))
    expect(await outcome).toMatchObject({
      error: { kind: 'Cancelled', capability: 'kv', operation: 'get', key: 'k' },
    })
    expect(clock.sleeping).toBe(0)
    expect(store.calls).toHaveLength(1)
  })

  it('does not read a body twice', async () => {
    const clock = new ManualClock()
    const body = { touched: false }
    const pipeline = createPipeline('blob', 'blob', [retry({ clock })])
    let tries = 0
    const put = pipeline.run(
      'put',
      'k',
      undefined,
      undefined,
      () => {
        tries += 1
        if (tries === 2) body.touched = true
        throw down()
      },
      body,
    )
    const outcome = expect(put).rejects.toMatchObject({ kind: 'Unavailable', retryable: 'temporary' })
    await clock.advance(10_000)
    await outcome
    expect(tries).toBe(2)
  })

  it('spreads its pauses by the randomness it is given', async () => {
    const rng = seededRng(7)
    const expected = seededRng(7).float() * 100
    const store = failing(down())
    const { outcome, clock } = start('get', store, { rng })
    await clock.advance(Math.floor(expected))
    expect(store.calls).toHaveLength(1)
    await clock.advance(1)
    expect(await outcome).toEqual({ value: 'answer' })
  })

  it('tells the log of each retry', async () => {
    const info = vi.fn()
    const store = failing(down({ code: 'X' }))
    const { outcome, clock } = start('get', store, { log: { ...silentLogger, info } })
    await clock.advance(1000)
    await outcome
    expect(info.mock.calls).toEqual([
      [
        {
          capability: 'kv',
          operation: 'get',
          key: 'k',
          attempt: 1,
          delayMs: 50,
          kind: 'Unavailable',
          code: 'X',
        },
        'capability call is tried again',
      ],
    ])
  })

  it('refuses options that make no sense', () => {
    for (const bad of [{ maxAttempts: 0 }, { maxAttempts: 1.5 }, { baseMs: -1 }, { maxMs: Number.NaN }]) {
      expect(() => retry(bad)).toThrow(expect.objectContaining({ kind: 'Misconfigured' }))
    }
  })
})
