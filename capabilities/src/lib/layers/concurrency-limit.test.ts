import { describe, expect, it } from 'vitest'
import { createPipeline } from '../layer.ts'
import { concurrencyLimit } from './concurrency-limit.ts'

/** Calls that end when told. */
function setUp(limit: number, maxQueued: number) {
  const pipeline = createPipeline('kv', 'kv', [concurrencyLimit({ limit, maxQueued })])
  const started: string[] = []
  const ends = new Map<string, { resolve: (value: string) => void; reject: (error: Error) => void }>()
  let active = 0
  let most = 0
  const call = (key: string, signal?: AbortSignal) =>
    pipeline.run('get', key, { signal }, undefined, () => {
      started.push(key)
      active += 1
      most = Math.max(most, active)
      return new Promise<string>((resolve, reject) => {
        ends.set(key, { resolve, reject })
      }).finally(() => (active -= 1))
    })
  return {
    call,
    started,
    ends,
    most: () => most,
    settle: () => new Promise((resolve) => setImmediate(resolve)),
    pipeline,
  }
}

describe('concurrencyLimit', () => {
  it('lets so many through at once, the others in the order they came', async () => {
    const { call, started, ends, settle, most } = setUp(2, 10)
    const calls = ['a', 'b', 'c', 'd', 'e'].map((key) => call(key))
    await settle()
    expect(started).toEqual(['a', 'b'])
    ends.get('b')?.resolve('b')
    await settle()
    expect(started).toEqual(['a', 'b', 'c'])
    ends.get('a')?.resolve('a')
    ends.get('c')?.resolve('c')
    await settle()
    expect(started).toEqual(['a', 'b', 'c', 'd', 'e'])
    ends.get('d')?.resolve('d')
    ends.get('e')?.resolve('e')
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(most()).toBe(2)
  })

  it('gives the place on when a call fails', async () => {
    const { call, started, ends, settle } = setUp(1, 1)
    const first = call('a')
    const second = call('b')
    ends.get('a')?.reject(new Error('no'))
    await expect(first).rejects.toMatchObject({ kind: 'Unexpected' })
    await settle()
    expect(started).toEqual(['a', 'b'])
    ends.get('b')?.resolve('b')
    expect(await second).toBe('b')
  })

  it('refuses a call that finds the queue full: temporary, with the limits', async () => {
    const { call, ends } = setUp(1, 1)
    const first = call('a')
    const second = call('b')
    await expect(call('c')).rejects.toMatchObject({
      kind: 'Unavailable',
      retryable: 'temporary',
      key: 'c',
      details: { limit: 1, maxQueued: 1, outcome: 'not_started' },
    })
    ends.get('a')?.resolve('a')
    await first
    await new Promise((resolve) => setImmediate(resolve))
    ends.get('b')?.resolve('b')
    await second
  })

  it('lets nobody wait when maxQueued is 0', async () => {
    const { call, ends } = setUp(1, 0)
    const first = call('a')
    await expect(call('b')).rejects.toMatchObject({ kind: 'Unavailable' })
    ends.get('a')?.resolve('a')
    await first
  })

  it('takes a cancelled call out of the queue, and its place is free for another', async () => {
    const { call, started, ends, settle } = setUp(1, 2)
    const controller = new AbortController()
    const first = call('a')
    const gone = call('gone', controller.signal)
    const third = call('c')
    controller.abort()
    await expect(gone).rejects.toMatchObject({ kind: 'Cancelled', key: 'gone' })
    const fourth = call('d')
    ends.get('a')?.resolve('a')
    await first
    await settle()
    expect(started).toEqual(['a', 'c'])
    ends.get('c')?.resolve('c')
    await third
    await settle()
    ends.get('d')?.resolve('d')
    expect(await fourth).toBe('d')
  })

  it('does not count calls the driver answers at once', async () => {
    const { pipeline } = setUp(1, 0)
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => pipeline.run('get', 'k', undefined, undefined, () => i)),
    )
    expect(answers).toHaveLength(100)
  })

  it('works off a long queue of calls that are answered at once', async () => {
    const { call, ends, pipeline } = setUp(1, 20_000)
    const first = call('a')
    const rest = Array.from({ length: 20_000 }, (_, i) =>
      pipeline.run('get', 'k', undefined, undefined, () => i),
    )
    ends.get('a')?.resolve('a')
    await first
    expect((await Promise.all(rest)).at(-1)).toBe(19_999)
  })

  it('refuses options that make no sense', () => {
    for (const bad of [
      { limit: 0, maxQueued: 1 },
      { limit: 1, maxQueued: -1 },
      { limit: 1.5, maxQueued: 1 },
    ]) {
      expect(() => concurrencyLimit(bad)).toThrow(expect.objectContaining({ kind: 'Misconfigured' }))
    }
  })
})
