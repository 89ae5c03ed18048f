import type { HttpSink } from '@flowport/flow/http'
import { once } from 'node:events'
import { Writable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { PushedText } from './pushed-text.ts'

/** Opens a stream whose sink the test controls. Collects chunks as they arrive, until the stream is paused. */
async function opened() {
  let sink: HttpSink = { write: () => undefined }
  const ended = Promise.withResolvers<void>()
  const stream = new PushedText((given) => {
    sink = given
    return ended.promise
  })
  const chunks: string[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
  await nextTurn()
  return { stream, sink, chunks, end: ended.resolve }
}

describe('pushed text', () => {
  it('written in one turn is one chunk, sent before the next turn', async () => {
    const { sink, chunks } = await opened()
    const order: string[] = []
    setImmediate(() => order.push(`next turn, ${chunks.length} chunks`))
    void sink.write('a')
    await Promise.resolve()
    void sink.write('b')
    expect(chunks).toEqual([])
    await nextTurn()
    expect(chunks).toEqual(['ab'])
    expect(order).toEqual(['next turn, 1 chunks'])
  })

  it('written in two turns is two chunks', async () => {
    const { sink, chunks } = await opened()
    void sink.write('a')
    await nextTurn()
    void sink.write('b')
    await nextTurn()
    expect(chunks).toEqual(['a', 'b'])
  })

  it('is sent within the turn when 16 Ki characters are buffered', async () => {
    const { sink, chunks } = await opened()
    void sink.write('a')
    void sink.write('x'.repeat(16 * 1024))
    expect(chunks.map((chunk) => chunk.length)).toEqual([16 * 1024 + 1])
  })

  it('written last arrives before the end', async () => {
    const { stream, sink, chunks, end } = await opened()
    void sink.write('last')
    end()
    await once(stream, 'end')
    expect(chunks).toEqual(['last'])
  })

  it('makes a writer wait that is 64 KiB ahead, even within one turn', async () => {
    let written = 0
    const stream = new PushedText(async ({ write }) => {
      while (!stream.destroyed) {
        const room = write('x'.repeat(1000))
        written += 1000
        if (room !== undefined) await room
        else await Promise.resolve()
      }
    })
    stream.read(0)
    await nextTurn()
    expect(written).toBeGreaterThanOrEqual(64 * 1024)
    expect(written).toBeLessThan((64 + 16) * 1024 + 1000)
    const before = written
    await nextTurn()
    expect(written).toBe(before)
    stream.read()
    await nextTurn()
    expect(written).toBeGreaterThan(before)
    stream.destroy()
  })

  it('follows the pace of a slow reader, without loss or reordering', async () => {
    const texts = Array.from({ length: 500 }, (_, at) => `${at} ${'x'.repeat(at)}\n`)
    const stream = new PushedText(async ({ write }) => {
      for (const text of texts) await write(text)
    })
    let got = ''
    const slow = new Writable({
      highWaterMark: 1024,
      write(chunk: Buffer, _encoding, done) {
        got += chunk.toString()
        setImmediate(done)
      },
    })
    stream.pipe(slow)
    await once(slow, 'finish')
    expect(got).toBe(texts.join(''))
  })

  it('wakes all waiting writers, a heartbeat as well as an item', async () => {
    const { stream, sink } = await opened()
    stream.pause()
    void sink.write('x'.repeat(100_000))
    const waiting = [sink.write('y'), sink.write(': keep-alive\n\n')]
    expect(waiting).not.toContain(undefined)
    stream.resume()
    for (const woken of waiting) await woken
  })

  it('wakes its writer when its reader leaves, and discards later text', async () => {
    const { stream, sink, chunks } = await opened()
    stream.pause()
    void sink.write('x'.repeat(100_000))
    const waiting = sink.write('gathered')
    stream.destroy()
    await waiting
    expect(sink.write('after')).toBeUndefined()
    await nextTurn()
    expect(chunks).toEqual([])
  })
})
