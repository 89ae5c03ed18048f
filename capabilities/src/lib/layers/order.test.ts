/** Layers read in request order: the first is outermost. Proven by counting calls and adding up milliseconds. */
import { describe, expect, it, vi } from 'vitest'
import { CapabilityError } from '../error.ts'
import { type Call, createPipeline, type Layer } from '../layer.ts'
import { silentLogger } from '../logger.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { concurrencyLimit } from './concurrency-limit.ts'
import { logging } from './logging.ts'
import { retry } from './retry.ts'
import { timeout } from './timeout.ts'

/** Milliseconds until the call settles, and how often the driver was reached. */
async function measure(
  clock: ManualClock,
  layers: readonly Layer[],
  answer: (attempt: number) => Promise<unknown>,
) {
  const start = clock.monotonic()
  let reached = 0
  let end: number | undefined
  let kind: string | undefined
  const settle = () => {
    end = clock.monotonic() - start
  }
  createPipeline('kv', 'kv', layers)
    .run('get', 'k', undefined, undefined, () => answer(++reached))
    .then(settle, (error: CapabilityError) => {
      kind = error.kind
      settle()
    })
  await clock.advance(60_000)
  return { ms: end, reached, kind }
}

describe('the order of layers', () => {
  const clock = new ManualClock()
  // Each try hangs; pauses are exactly 100 and 200 ms.
  const hang = () => new Promise(() => undefined)
  const again = () => retry({ clock, rng: { float: () => 1 } })
  const limit = () => timeout({ timeoutMs: 1000, clock })

  it('[retry, timeout] times each try: 1000 + 100 + 1000 + 200 + 1000', async () => {
    expect(await measure(clock, [again(), limit()], hang)).toEqual({ ms: 3300, reached: 3, kind: 'Timeout' })
  })

  it('[timeout, retry] times all tries together: 1000, of which one hung all the while', async () => {
    expect(await measure(clock, [limit(), again()], hang)).toEqual({ ms: 1000, reached: 1, kind: 'Timeout' })
  })

  it('[timeout, retry] leaves time for as many tries as fit: 300 + 100 + 300 + 200 + 100 of 300', async () => {
    const slow = async () => {
      await clock.sleep(300)
      throw new CapabilityError('Unavailable', 'down')
    }
    expect(await measure(clock, [limit(), again()], slow)).toEqual({ ms: 1000, reached: 3, kind: 'Timeout' })
    expect(await measure(clock, [again(), limit()], slow)).toEqual({
      ms: 1200,
      reached: 3,
      kind: 'Unavailable',
    })
  })

  it('[logging, retry] logs once, [retry, logging] logs every try', async () => {
    const warn = vi.fn()
    const log = logging({ log: { ...silentLogger, warn }, clock })
    await measure(clock, [log, again(), limit()], hang)
    expect(warn.mock.calls.map(([fields]) => fields.durationMs)).toEqual([3300])
    warn.mockClear()
    await measure(clock, [again(), log, limit()], hang)
    expect(warn.mock.calls.map(([fields]) => fields.durationMs)).toEqual([1000, 1000, 1000])
  })

  it('[concurrencyLimit, retry] holds its place through the pauses, [retry, concurrencyLimit] gives it up', async () => {
    const failsFirst = (attempt: number) =>
      attempt === 1 ? Promise.reject(new CapabilityError('Unavailable', 'down')) : Promise.resolve('ok')
    const orderOf = async (layers: readonly Layer[]) => {
      const pipeline = createPipeline('kv', 'kv', layers)
      const order: string[] = []
      const run = (key: string, execute: (call: Call) => Promise<unknown>) =>
        pipeline.run('get', key, undefined, undefined, execute).then(() => order.push(key))
      const both = [
        run('retried', (call) => failsFirst(call.attempt)),
        run('other', () => Promise.resolve('ok')),
      ]
      await clock.advance(1000)
      await Promise.all(both)
      return order
    }
    const places = () => concurrencyLimit({ limit: 1, maxQueued: 10 })
    expect(await orderOf([places(), again()])).toEqual(['retried', 'other'])
    expect(await orderOf([again(), places()])).toEqual(['other', 'retried'])
  })

  it('enters from first to last and leaves from last to first', async () => {
    const trail: string[] = []
    const named = (name: string): Layer => ({
      name,
      async around(call, next) {
        trail.push(`> ${name}`)
        try {
          return await next(call)
        } finally {
          trail.push(`< ${name}`)
        }
      },
    })
    const pipeline = createPipeline('kv', 'kv', [named('a'), named('b'), named('c')])
    await pipeline.run('get', 'k', undefined, undefined, () => trail.push('driver'))
    expect(trail).toEqual(['> a', '> b', '> c', 'driver', '< c', '< b', '< a'])
    expect(pipeline.layers).toEqual(['a', 'b', 'c'])
  })
})
