import { checkedBodyLimits } from '@flowport/flow/http'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { HeldBytes } from './held-bytes.ts'
import { WebBody } from './request-body.ts'

/** A request whose body sends `chunks` and then ends, or stalls for ever. */
function sending(
  chunks: readonly string[],
  { ends = true, length }: { ends?: boolean; length?: number } = {},
) {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk))
      if (ends) controller.close()
    },
  })
  const headers: Record<string, string> = length === undefined ? {} : { 'content-length': String(length) }
  const init = { method: 'POST', headers, body, duplex: 'half' }
  return new Request('https://example.test/', init)
}

describe('the body of a web request', () => {
  it('is the bytes of all chunks', async () => {
    const bytes = new TextEncoder().encode('ä€😀')
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
        controller.close()
      },
    })
    const request = new Request('https://example.test/', {
      method: 'POST',
      body,
      duplex: 'half',
    } as RequestInit)
    expect(await new WebBody(request).bytes(100)).toEqual(bytes)
  })

  it.each([
    ['announced with its length', 20],
    ['of unknown length', undefined],
    ['announced as less than it is', 3],
  ])('over its limit is LimitExceeded when it is %s', async (_what, length) => {
    const request = sending(['0123456789', '0123456789'], length === undefined ? {} : { length })
    await expect(new WebBody(request).bytes(10)).rejects.toMatchObject({ kind: 'LimitExceeded' })
  })

  it('errors when it ends before its announced length', async () => {
    const reader = new WebBody(sending(['abc'], { length: 10 })).stream().getReader()
    expect((await reader.read()).value).toHaveLength(3)
    await expect(reader.read()).rejects.toMatchObject({ code: 'TRUNCATED_BODY' })
  })

  it('is read to its end after a refusal', async () => {
    const request = sending(['a', 'b', 'c'])
    await new WebBody(request).discardRest()
    expect((await request.body?.getReader().read())?.done).toBe(true)
  })

  it('delays the answer for at most the linger time after a refusal', async () => {
    const body = new WebBody(sending(['a'], { ends: false }), { lingerMs: 20 })
    await body.discardRest()
    const other = new WebBody(sending(['a'], { ends: false }), { lingerMs: 20 })
    await other.stream().cancel()
    await other.discardRest()
  })
})

describe('a web request’s body that arrives too slowly', () => {
  const limits = checkedBodyLimits({ jsonTimeoutMs: 30_000, rateWindowMs: 10_000, minBytesPerSecond: 100 })
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it.each([undefined, 100])('is refused when JSON is expected, with the length %s', async (length) => {
    const body = new WebBody(
      sending(['{"half":'], { ends: false, ...(length === undefined ? {} : { length }) }),
      { limits },
    )
    const refused = expect(body.bytes(1_000)).rejects.toMatchObject({ code: 'BODY_TIMEOUT' })
    await vi.advanceTimersByTimeAsync(30_000)
    await refused
  })

  it('is refused when it is streamed', async () => {
    const reader = new WebBody(sending(['half'], { ends: false }), { limits }).stream().getReader()
    await reader.read()
    const refused = expect(reader.read()).rejects.toMatchObject({ code: 'BODY_TOO_SLOW' })
    await vi.advanceTimersByTimeAsync(11_000)
    await refused
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is not refused while its reader is slow', async () => {
    const reader = new WebBody(sending(['a', 'b']), { limits }).stream().getReader()
    await reader.read()
    await vi.advanceTimersByTimeAsync(600_000)
    expect((await reader.read()).done).toBe(false)
    expect((await reader.read()).done).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('the memory for unfinished bodies of an isolate', () => {
  const limits = checkedBodyLimits({ jsonTimeoutMs: 30_000 })
  const half = (held: HeldBytes, length = 100_000) =>
    new WebBody(sending(['x'.repeat(60_000)], { ends: false, length }), { limits, held, lingerMs: 1 }).bytes(
      100_000,
    )
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('is bounded: a body that arrives when it is full is refused, and the others continue', async () => {
    const held = new HeldBytes(150_000)
    const first = half(held).catch((error: unknown) => error)
    const second = half(held).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(1)
    expect(held.bytes).toBe(120_000)
    await expect(half(held)).rejects.toMatchObject({ code: 'TOO_MANY_BODIES', retryAfterMs: 1_000 })
    expect(await new WebBody(sending(['{}'], { length: 2 }), { limits, held }).bytes(10)).toHaveLength(2)
    expect(held.bytes).toBe(120_000)
    await vi.advanceTimersByTimeAsync(30_000)
    expect([await first, await second]).toMatchObject([{ code: 'BODY_TIMEOUT' }, { code: 'BODY_TIMEOUT' }])
    expect(held.bytes).toBe(0)
  })

  it('stops reading a body for which it has no room', async () => {
    const cancelled = vi.fn()
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array(60_000)),
      cancel: cancelled,
    })
    const init = { method: 'POST', body, duplex: 'half', headers: { 'content-length': '100000' } }
    const refused = new WebBody(new Request('https://example.test/', init), {
      limits,
      held: new HeldBytes(50_000),
    })
    await expect(refused.bytes(100_000)).rejects.toMatchObject({ code: 'TOO_MANY_BODIES' })
    expect(cancelled).toHaveBeenCalledOnce()
    expect(refused.discardRest()).toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('counts received bytes, not announced ones', async () => {
    const held = new HeldBytes(1_000_000)
    const announced = Array.from({ length: 10 }, () =>
      new WebBody(sending(['{'], { ends: false, length: 900_000 }), { limits, held, lingerMs: 1 })
        .bytes(1_000_000)
        .catch((error: unknown) => error),
    )
    await vi.advanceTimersByTimeAsync(1)
    expect(held.bytes).toBe(10)
    await vi.advanceTimersByTimeAsync(30_000)
    await Promise.all(announced)
    expect(held.bytes).toBe(0)
  })

  it('is given back when bodies are complete, too large or truncated', async () => {
    const held = new HeldBytes(1_000_000)
    const read = (chunks: readonly string[], length: number, max = 100_000) =>
      new WebBody(sending(chunks, { length }), { limits, held, lingerMs: 1 }).bytes(max)
    expect(await read(['x'.repeat(20_000), 'y'.repeat(20_000)], 40_000)).toHaveLength(40_000)
    await expect(read(['x'.repeat(20_000), 'y'.repeat(20_000)], 20_001, 30_000)).rejects.toMatchObject({
      kind: 'LimitExceeded',
    })
    await expect(read(['x'.repeat(20_000)], 40_000)).rejects.toMatchObject({ code: 'TRUNCATED_BODY' })
    expect(held.bytes).toBe(0)
  })
})
