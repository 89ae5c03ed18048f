import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { BodyReader } from './body-reader.ts'

/** A byte stream like a request's body, fed by the test. */
function byteStream() {
  let controller: ReadableByteStreamController | undefined
  const stream = new ReadableStream({ type: 'bytes', start: (given) => void (controller = given) })
  return {
    stream,
    send: (bytes: Uint8Array<ArrayBuffer>) => controller?.enqueue(bytes),
    end: () => {
      controller?.close()
      // Ends a waiting read into a buffer.
      controller?.byobRequest?.respond(0)
    },
    breaks: () => controller?.error(new Error('the connection broke')),
  }
}

/** A stream of chunks, like a stream made in JavaScript. */
function chunkStream() {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const stream = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) })
  return {
    stream,
    send: (bytes: Uint8Array<ArrayBuffer>) => controller?.enqueue(bytes),
    end: () => controller?.close(),
    breaks: () => controller?.error(new Error('the connection broke')),
  }
}

const bytes = (length: number, value = 1) => new Uint8Array(length).fill(value)

describe.each([
  ['byte streams', byteStream],
  ['streams of chunks', chunkStream],
] as const)('BodyReader over %s', (_name, make) => {
  it('reads what is sent, then undefined, and releases the body', async () => {
    const { stream, send, end } = make()
    const reader = new BodyReader(stream, { intoBuffer: true })
    send(bytes(3))
    expect(await reader.read()).toEqual(bytes(3))
    const waiting = reader.read()
    send(bytes(2, 7))
    expect(await waiting).toEqual(bytes(2, 7))
    end()
    expect(await reader.read()).toBeUndefined()
    reader.release()
    expect(stream.locked).toBe(false)
  })

  it('take() returns chunks that later reads do not change', async () => {
    const { stream, send, end } = make()
    const reader = new BodyReader(stream, { intoBuffer: true })
    const kept: Uint8Array[] = []
    for (const [length, value] of [
      [10, 1],
      [4_096, 2],
      [9, 3],
      [70_000, 4],
    ] as const)
      send(bytes(length, value))
    end()
    for (let chunk = await reader.take(); chunk !== undefined; chunk = await reader.take()) kept.push(chunk)
    const whole = [10, 4_096, 9, 70_000].flatMap((length, at) => [...bytes(length, at + 1)])
    expect(kept.flatMap((chunk) => [...chunk])).toEqual(whole)
    for (const chunk of kept) expect(chunk.buffer.byteLength).toBeLessThanOrEqual(2 * 70_000)
  })

  it('reports a broken connection as a truncated body', async () => {
    const { stream, breaks } = make()
    const reader = new BodyReader(stream, { intoBuffer: true })
    const waiting = reader.read()
    breaks()
    await expect(waiting).rejects.toMatchObject({ code: 'TRUNCATED_BODY' })
  })

  it('rejects the current read and later ones after a refusal', async () => {
    const { stream, send } = make()
    const reader = new BodyReader(stream, { intoBuffer: true })
    const waiting = reader.read()
    reader.refuse(new Error('too slow'))
    await expect(waiting).rejects.toThrow('too slow')
    send(bytes(1))
    await expect(reader.read()).rejects.toThrow('too slow')
  })

  it('discards the rest after a refusal, including the chunk of the refused read', async () => {
    const { stream, send, end } = make()
    const reader = new BodyReader(stream, { intoBuffer: true })
    reader.read().catch(() => undefined)
    reader.refuse(new Error('too slow'))
    const rest = reader.discard(10_000)
    send(bytes(5))
    send(bytes(5))
    end()
    await rest
    expect(stream.locked).toBe(false)
  })

  it('cancels the body', async () => {
    const { stream, send } = make()
    const reader = new BodyReader(stream, { intoBuffer: true })
    send(bytes(5))
    await reader.read()
    reader.cancel()
    await expect(reader.read()).resolves.toBeUndefined()
  })
})

describe('BodyReader', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('stops waiting for the rest after the linger time, and reads no more', async () => {
    const { stream, send } = byteStream()
    const reader = new BodyReader(stream, { intoBuffer: true })
    let isOver = false
    const rest = reader.discard(1_000).then(() => (isOver = true))
    await vi.advanceTimersByTimeAsync(999)
    expect(isOver).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    await rest
    send(bytes(5))
    await vi.advanceTimersByTimeAsync(0)
    expect(stream.locked).toBe(false)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('reads a long body in few chunks with one buffer', async () => {
    const { stream, send, end } = byteStream()
    const reader = new BodyReader(stream, { intoBuffer: true })
    for (let sent = 0; sent < 1_000_000; sent += 4_000) send(bytes(4_000))
    end()
    let read = 0
    let chunks = 0
    let largest = 0
    for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) {
      read += chunk.byteLength
      chunks++
      largest = Math.max(largest, chunk.buffer.byteLength)
    }
    expect([read, largest]).toEqual([1_000_000, 64 * 1024])
    expect(chunks).toBeLessThan(20)
  })
})
