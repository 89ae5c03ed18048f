import { afterEach, describe, expect, it, vi } from 'vitest'
import { type CapabilityError } from '../error.ts'
import { type Call, createPipeline, type Layer } from '../layer.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { never } from '../testing/samples.ts'
import { retry } from './retry.ts'
import { timeout } from './timeout.ts'

const clock = new ManualClock()

function run(
  operation: string,
  execute: (call: Call) => unknown,
  {
    layers = [timeout({ timeoutMs: 1000, clock })] as readonly Layer[],
    signal,
    deadline,
  }: { layers?: readonly Layer[]; signal?: AbortSignal; deadline?: number } = {},
) {
  return createPipeline('kv', 'kv', layers)
    .run(operation, 'k', { signal, deadline }, undefined, execute)
    .then(
      (value) => ({ value }),
      (error: unknown) => ({ error: error as CapabilityError }),
    )
}

describe('timeout', () => {
  afterEach(() => vi.useRealTimers())

  it('lets answers through and leaves no timer behind', async () => {
    expect(await run('get', () => 'at once')).toEqual({ value: 'at once' })
    expect(await run('get', () => Promise.resolve('later'))).toEqual({ value: 'later' })
    expect(await run('get', () => Promise.reject(new Error('no')))).toMatchObject({
      error: { kind: 'Unexpected' },
    })
    await clock.advance(0)
    expect(clock.sleeping).toBe(0)
  })

  it('rejects at its moment, even when the driver does not listen', async () => {
    let outcome: unknown
    void run('get', never).then((settled) => (outcome = settled))
    await clock.advance(999)
    expect(outcome).toBeUndefined()
    await clock.advance(1)
    expect(outcome).toMatchObject({
      error: {
        kind: 'Timeout',
        retryable: 'temporary',
        message: 'kv.get "k": no answer within 1000 ms',
        details: { timeoutMs: 1000 },
      },
    })
  })

  it('leaves the operations it is told to alone, but for their deadline', async () => {
    const layers = [timeout({ timeoutMs: 1000, except: ['put'], clock })]
    let outcome: unknown
    void run('put', never, { layers, deadline: clock.now() + 5000 }).then((settled) => (outcome = settled))
    await clock.advance(4999)
    expect(outcome).toBeUndefined()
    await clock.advance(1)
    expect(outcome).toMatchObject({ error: { kind: 'Timeout', details: { deadline: true } } })
    void run('put', never, { layers })
    expect(clock.sleeping).toBe(0)
    let cut: unknown
    void run('get', never, { layers }).then((settled) => (cut = settled))
    await clock.advance(1000)
    expect(cut).toMatchObject({ error: { kind: 'Timeout' } })
  })

  it('fires the signal below, with the error as its reason', async () => {
    let below: AbortSignal | undefined
    const outcome = run('get', ({ signal }) => {
      below = signal
      return never()
    })
    await clock.advance(999)
    expect(below?.aborted).toBe(false)
    await clock.advance(1)
    expect(below?.aborted).toBe(true)
    expect(below?.reason).toBe(((await outcome) as { error: unknown }).error)
  })

  it('is bounded by the deadline, and says so', async () => {
    const outcome = run('get', never, { deadline: clock.now() + 300 })
    await clock.advance(300)
    expect(await outcome).toMatchObject({
      error: { kind: 'Timeout', details: { deadline: true }, reason: 'no answer by the deadline' },
    })
  })

  it('does not begin after the deadline', async () => {
    const execute = vi.fn()
    const outcome = await run('put', execute, { deadline: clock.now() })
    expect(outcome).toMatchObject({
      error: { kind: 'Timeout', details: { deadline: true, outcome: 'not_started' } },
    })
    expect(execute).not.toHaveBeenCalled()
  })

  it('passes the caller’s signal on, during the call and for a stream after it', async () => {
    const controller = new AbortController()
    let below: AbortSignal | undefined
    const answer = await run(
      'get',
      ({ signal }) => {
        below = signal
        return Promise.resolve('opened')
      },
      { signal: controller.signal },
    )
    expect(answer).toEqual({ value: 'opened' })
    expect(below?.aborted).toBe(false)
    controller.abort()
    expect(below?.aborted).toBe(true)
  })

  it('tells that a write that must not be repeated may have happened', async () => {
    const conditional = run('putConditional', never)
    const plain = run('put', never)
    await clock.advance(1000)
    const { error } = (await conditional) as { error: CapabilityError }
    expect(error.details).toEqual({ timeoutMs: 1000, outcome: 'unknown' })
    expect(error.message).toMatch(/may or may not have happened/)
    expect(((await plain) as { error: CapabilityError }).error.details).toEqual({ timeoutMs: 1000 })
  })

  it('swallows what the driver says too late', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    let fail: (error: Error) => void = () => undefined
    const outcome = run('get', () => new Promise((_, reject) => (fail = reject)))
    await clock.advance(1000)
    expect(await outcome).toMatchObject({ error: { kind: 'Timeout' } })
    fail(new Error('late'))
    await clock.advance(0)
    await new Promise((resolve) => setImmediate(resolve))
    expect(unhandled).not.toHaveBeenCalled()
    process.off('unhandledRejection', unhandled)
  })

  it('lets go of a stream that is opened too late', async () => {
    const cancel = vi.fn()
    let open: (opened: unknown) => void = () => undefined
    const outcome = run('get', () => new Promise((resolve) => (open = resolve)))
    await clock.advance(1000)
    expect(await outcome).toMatchObject({ error: { kind: 'Timeout' } })
    open({ body: new ReadableStream({ cancel }) })
    await clock.advance(0)
    expect(cancel).toHaveBeenCalledTimes(1)
  })

  it('is a driver’s silence that retry tries again', async () => {
    let tries = 0
    const outcome = run(
      'get',
      () => {
        tries += 1
        return tries < 3 ? never() : 'third'
      },
      { layers: [retry({ clock, rng: { float: () => 0 } }), timeout({ timeoutMs: 1000, clock })] },
    )
    await clock.advance(2000)
    expect(await outcome).toEqual({ value: 'third' })
  })

  it('uses real timers with the system clock, and clears them', async () => {
    vi.useFakeTimers()
    const layers = [timeout({ timeoutMs: 1000 })]
    expect(await run('get', () => Promise.resolve(1), { layers })).toEqual({ value: 1 })
    expect(vi.getTimerCount()).toBe(0)
    const outcome = run('get', never, { layers })
    await vi.advanceTimersByTimeAsync(1000)
    expect(await outcome).toMatchObject({ error: { kind: 'Timeout' } })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('sets no timer for a driver that answers at once', async () => {
    vi.useFakeTimers()
    const set = vi.spyOn(globalThis, 'setTimeout')
    expect(await run('get', () => 1, { layers: [timeout({ timeoutMs: 1000 })] })).toEqual({ value: 1 })
    expect(set).not.toHaveBeenCalled()
    set.mockRestore()
  })

  it('refuses times no timer can wait', () => {
    for (const timeoutMs of [0, -1, Number.NaN, Infinity, 2 ** 31]) {
      expect(() => timeout({ timeoutMs })).toThrow(expect.objectContaining({ kind: 'Misconfigured' }))
    }
  })
})
