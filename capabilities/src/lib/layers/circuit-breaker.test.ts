import { describe, expect, it } from 'vitest'
import { CapabilityError, type ErrorKind } from '../error.ts'
import { createPipeline } from '../layer.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { circuitBreaker, type CircuitBreakerOptions } from './circuit-breaker.ts'
import { concurrencyLimit } from './concurrency-limit.ts'
import { retry } from './retry.ts'
import { timeout } from './timeout.ts'

function setUp(options: Partial<CircuitBreakerOptions> = {}) {
  const clock = new ManualClock()
  const layers = [circuitBreaker({ failures: 3, resetAfterMs: 1000, clock, ...options })]
  const pipeline = createPipeline('kv', 'kv', layers)
  let reached = 0
  const run = (execute: () => unknown) =>
    pipeline
      .run('get', 'k', undefined, undefined, () => {
        reached += 1
        return execute()
      })
      .then(
        () => 'answer',
        (error: CapabilityError) => (error.details?.['circuit'] === 'open' ? 'open' : error.kind),
      )
  const fail = (kind: ErrorKind = 'Unavailable') =>
    run(() => {
      throw new CapabilityError(kind, 'no')
    })
  return { clock, run, fail, work: () => run(() => 'ok'), reached: () => reached, pipeline }
}

describe('circuitBreaker', () => {
  it('opens after so many failures in a row, and then asks the store no more', async () => {
    const { fail, work, reached } = setUp()
    expect([await fail(), await fail(), await fail()]).toEqual(['Unavailable', 'Unavailable', 'Unavailable'])
    expect(await work()).toBe('open')
    expect(reached()).toBe(3)
  })

  it('tells when to come back', async () => {
    const { clock, fail, pipeline } = setUp()
    for (let i = 0; i < 3; i++) await fail()
    await clock.advance(400)
    await expect(pipeline.run('get', 'k', undefined, undefined, () => 1)).rejects.toMatchObject({
      kind: 'Unavailable',
      retryable: 'temporary',
      retryAfterMs: 600,
      capability: 'kv',
      operation: 'get',
      key: 'k',
    })
  })

  it('starts counting anew after a success', async () => {
    const { fail, work } = setUp()
    await fail()
    await fail()
    await work()
    await fail()
    await fail()
    expect(await work()).toBe('answer')
  })

  it('counts failures within a window, whatever works in between', async () => {
    const { clock, fail, work } = setUp({ windowMs: 1000 })
    await fail()
    await clock.advance(600)
    await fail()
    await work()
    await clock.advance(600)
    await fail()
    expect(await work()).toBe('answer')
    await fail()
    expect(await work()).toBe('open')
  })

  it('lets one call probe after resetAfterMs, and closes when it works', async () => {
    const { clock, fail, run, work } = setUp()
    for (let i = 0; i < 3; i++) await fail()
    await clock.advance(1000)
    let answer: (value: string) => void = () => undefined
    const probe = run(() => new Promise((resolve) => (answer = resolve)))
    expect(await work()).toBe('open')
    expect(await work()).toBe('open')
    answer('ok')
    expect(await probe).toBe('answer')
    expect(await work()).toBe('answer')
    await fail()
    await fail()
    expect(await work()).toBe('answer')
  })

  it('opens again for the whole time when the probe fails', async () => {
    const { clock, fail, work } = setUp()
    for (let i = 0; i < 3; i++) await fail()
    await clock.advance(1000)
    expect(await fail()).toBe('Unavailable')
    await clock.advance(999)
    expect(await work()).toBe('open')
    await clock.advance(1)
    expect(await work()).toBe('answer')
    expect(await work()).toBe('answer')
  })

  it('lets another call probe when the first one was cancelled, or never ends', async () => {
    const { clock, fail, run, work } = setUp()
    for (let i = 0; i < 3; i++) await fail()
    await clock.advance(1000)
    expect(await fail('Cancelled')).toBe('Cancelled')
    run(() => new Promise(() => undefined)).catch(() => undefined)
    expect(await work()).toBe('open')
    await clock.advance(1000)
    expect(await work()).toBe('answer')
  })

  it('does not count what the caller did wrong, nor cancelled calls', async () => {
    const { fail, work } = setUp({ failures: 1 })
    for (const kind of [
      'NotFound',
      'InvalidInput',
      'AlreadyExists',
      'ConditionNotMatch',
      'Cancelled',
    ] as const) {
      await fail(kind)
      expect(await work()).toBe('answer')
    }
  })

  it('does not count calls that a layer below never sent', async () => {
    const clock = new ManualClock()
    const layers = [
      circuitBreaker({ failures: 1, resetAfterMs: 1000, clock }),
      timeout({ timeoutMs: 1000, clock }),
      concurrencyLimit({ limit: 1, maxQueued: 0 }),
    ]
    const pipeline = createPipeline('kv', 'kv', layers)
    const run = (execute: () => unknown, deadline?: number) =>
      pipeline.run('get', 'k', { deadline }, undefined, execute)
    await expect(run(() => 1, clock.now())).rejects.toMatchObject({ kind: 'Timeout' })
    let end: (value: string) => void = () => undefined
    const first = run(() => new Promise((resolve) => (end = resolve)))
    await expect(run(() => 1)).rejects.toMatchObject({ details: { limit: 1 } })
    end('ok')
    expect(await first).toBe('ok')
    expect(await run(() => 'ok')).toBe('ok')
  })

  it('counts what is unforeseen, and what a retry below has made final', async () => {
    const unforeseen = setUp({ failures: 1 })
    await unforeseen.run(() => Promise.reject(new TypeError('bug')))
    expect(await unforeseen.work()).toBe('open')

    const clock = new ManualClock()
    const layers = [
      circuitBreaker({ failures: 1, resetAfterMs: 1000, clock }),
      retry({ clock, maxAttempts: 1 }),
    ]
    const pipeline = createPipeline('kv', 'kv', layers)
    const down = () => Promise.reject(new CapabilityError('Unavailable', 'down'))
    await expect(pipeline.run('get', 'k', undefined, undefined, down)).rejects.toMatchObject({
      retryable: 'never',
    })
    await expect(pipeline.run('get', 'k', undefined, undefined, () => 1)).rejects.toMatchObject({
      details: { circuit: 'open' },
    })
  })

  it('does not judge by the answers to calls of an earlier time', async () => {
    const { clock, fail, run, work } = setUp()
    let reject: (error: Error) => void = () => undefined
    let resolve: (value: string) => void = () => undefined
    const slowFailure = run(() => new Promise((_, no) => (reject = no)))
    const slowSuccess = run(() => new Promise((yes) => (resolve = yes)))
    for (let i = 0; i < 3; i++) await fail()
    resolve('late')
    await slowSuccess
    expect(await work()).toBe('open')
    await clock.advance(1000)
    expect(await work()).toBe('answer')
    await fail()
    await fail()
    reject(new CapabilityError('Unavailable', 'late'))
    await slowFailure
    expect(await work()).toBe('answer')
  })

  it('refuses options that make no sense', () => {
    for (const bad of [{ failures: 0 }, { resetAfterMs: 0 }, { windowMs: 0 }]) {
      expect(() => circuitBreaker({ failures: 1, resetAfterMs: 1, ...bad })).toThrow(
        expect.objectContaining({ kind: 'Misconfigured' }),
      )
    }
  })
})
