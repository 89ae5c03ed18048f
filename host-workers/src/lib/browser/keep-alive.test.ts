import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { KeepAlive, patienceOf } from './keep-alive.ts'
import { areYouThereMessage, type ClientLike } from './scope.ts'
import { Work } from './work.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function scopeOf(answer: () => void) {
  const asked: string[] = []
  const page = (url: string): ClientLike => ({
    id: url,
    url,
    type: 'window',
    postMessage(message) {
      asked.push(`${url} ${String(message)}`)
      answer()
    },
  })
  const pages = [page('https://app.test/'), page('https://app.test/deep'), page('https://other.test/')]
  return {
    asked,
    registration: { scope: 'https://app.test/' },
    clients: {
      claim: () => Promise.resolve(),
      get: () => Promise.resolve(undefined),
      matchAll: () => Promise.resolve(pages),
    },
  }
}

describe('KeepAlive', () => {
  it('asks the pages of its scope only while there is work', async () => {
    const scope = scopeOf(() => undefined)
    const alive = new KeepAlive(scope, { everyMs: 10_000, patienceMs: null })
    const work = Promise.withResolvers<void>()
    const held = alive.during(work.promise)
    await vi.advanceTimersByTimeAsync(20_000)
    expect(scope.asked).toEqual([
      `https://app.test/ ${areYouThereMessage}`,
      `https://app.test/deep ${areYouThereMessage}`,
      `https://app.test/ ${areYouThereMessage}`,
      `https://app.test/deep ${areYouThereMessage}`,
    ])
    work.resolve()
    await held
    await vi.advanceTimersByTimeAsync(60_000)
    expect(scope.asked).toHaveLength(4)
    expect(vi.getTimerCount()).toBe(0)
  })

  function streamThrough(alive: KeepAlive) {
    const work = new Work()
    const cancelled: unknown[] = []
    const body = new ReadableStream<Uint8Array>({ cancel: (reason) => void cancelled.push(reason) })
    const { body: read } = work.untilRead(new Response(body), alive)
    const held = alive.during(work.done())
    const reading = read?.getReader().read()
    const outcome = reading?.then(
      () => 'read',
      (error: { readonly kind?: string }) => error.kind,
    )
    return { held, outcome, cancelled }
  }

  it('fails a stream before the browser would end it as if complete, and cancels its source', async () => {
    const scope = scopeOf(() => undefined)
    const alive = new KeepAlive(scope, { everyMs: 10_000, patienceMs: 45_000 })
    alive.heard()
    const { held, outcome, cancelled } = streamThrough(alive)
    await vi.advanceTimersByTimeAsync(40_000)
    expect(cancelled).toEqual([])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await outcome).toBe('Unavailable')
    expect(cancelled).toMatchObject([{ message: expect.stringContaining('registerServiceWorker') }])
    await held
    expect(vi.getTimerCount()).toBe(0)
  })

  it('fails no stream while a page answers', async () => {
    const scope = scopeOf(() => alive.heard())
    const alive = new KeepAlive(scope, { everyMs: 10_000, patienceMs: 45_000 })
    alive.heard()
    const { cancelled } = streamThrough(alive)
    await vi.advanceTimersByTimeAsync(600_000)
    expect(cancelled).toEqual([])
  })

  it('has no time limit in a browser that keeps streams alive without events', () => {
    expect(patienceOf({ userAgentData: {} })).toBe(null)
    expect(patienceOf({})).toBe(45_000)
  })
})
