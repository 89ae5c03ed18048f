/** Blob cases: bodies that stream, stall, break, are too long, or whose caller leaves. */
import { expect } from 'vitest'
import { refused, type ConformanceGroup } from '../conformance.ts'
import { digest, drain, never, sampleBytes, sampleStream } from '../samples.ts'
import { type BlobSubject, needs, opened, textOf } from './subject.ts'

const chunk = 65_536

export const streams: ConformanceGroup<BlobSubject> = {
  name: 'streams',
  cases: [
    {
      name: 'the source is asked for no more than the store has taken, and a chunk',
      skip: needs('write'),
      async run({ blob, largeBytes }) {
        let taken = 0
        let ahead = 0
        const source = sampleStream(sampleBytes(largeBytes), {
          chunk,
          onPull: () => {
            ahead = Math.max(ahead, source.pulled() - taken)
          },
        })
        await blob.put('key', source.stream, { onProgress: ({ bytes }) => (taken = bytes) })
        expect(taken).toBe(largeBytes)
        expect(ahead).toBeLessThanOrEqual(2 * chunk)
      },
    },
    {
      name: 'progress grows to the whole, and tells the total where it is known',
      skip: needs('write'),
      async run({ blob }) {
        const bytes = sampleBytes(300_000)
        const told: { bytes: number; total?: number }[] = []
        await blob.put('sized', sampleStream(bytes).stream, {
          size: 300_000,
          onProgress: (p) => told.push(p),
        })
        expect(told.map((p) => p.bytes)).toEqual(told.map((p) => p.bytes).toSorted((a, b) => a - b))
        expect(told.at(-1)).toEqual({ bytes: 300_000, total: 300_000 })
        told.length = 0
        await blob.put('unsized', sampleStream(bytes).stream, { onProgress: (p) => told.push(p) })
        expect(told.at(-1)).toEqual({ bytes: 300_000 })
        told.length = 0
        await blob.put('bytes', bytes, { onProgress: (p) => told.push(p) })
        expect(told.at(-1)).toEqual({ bytes: 300_000, total: 300_000 })
      },
    },
    {
      name: 'progress of a read grows to what the handle yields, read as bytes, as a stream and in part',
      skip: needs('write'),
      async run({ blob, info }) {
        const bytes = sampleBytes(300_000)
        await blob.put('key', bytes)
        await blob.put('small', 'text')
        const told: { bytes: number; total?: number }[] = []
        const onProgress = (p: { bytes: number; total?: number }) => told.push(p)
        const takeTold = () => told.splice(0)
        await (await opened(blob.get('key', { onProgress }))).bytes()
        const whole = takeTold()
        expect(whole.at(-1)).toEqual({ bytes: 300_000, total: 300_000 })
        expect(whole.map((p) => p.bytes)).toEqual(whole.map((p) => p.bytes).toSorted((a, b) => a - b))
        await drain((await opened(blob.get('key', { onProgress }))).stream())
        expect(takeTold().at(-1)).toEqual({ bytes: 300_000, total: 300_000 })
        await (await opened(blob.get('small', { onProgress }))).text()
        expect(takeTold().at(-1)).toEqual({ bytes: 4, total: 4 })
        await (await opened(blob.get('key', { onProgress }))).cancel()
        expect(takeTold()).toEqual([])
        if (!info.features.ranges) return
        const part = await opened(blob.get('key', { range: { offset: 299_000, length: 5_000 }, onProgress }))
        await part.bytes()
        expect(takeTold().at(-1)).toEqual({ bytes: 1_000, total: 1_000 })
      },
    },
    {
      name: 'a slow reader of a large object gets all of it',
      async run({ blob, largeBytes, eventually }) {
        const bytes = sampleBytes(largeBytes)
        await blob.put('key', bytes)
        await eventually(async () => expect((await blob.head('key'))?.size).toBe(largeBytes))
        const parts: Uint8Array<ArrayBuffer>[] = []
        for await (const part of (await opened(blob.get('key'))).stream()) {
          parts.push(part)
          await new Promise((resolve) => setTimeout(resolve, 0))
        }
        const read = new Uint8Array(await new Blob(parts).arrayBuffer())
        expect(await digest(read)).toBe(await digest(bytes))
      },
    },
    {
      name: 'a reader that leaves early, or never reads, leaves the store at work',
      async run({ blob, largeBytes, eventually }) {
        await blob.put('key', sampleBytes(largeBytes))
        await eventually(async () => expect((await blob.head('key'))?.size).toBe(largeBytes))
        for (let i = 0; i < 5; i++) {
          const reader = (await opened(blob.get('key'))).stream().getReader()
          expect((await reader.read()).done).toBe(false)
          await reader.cancel()
          await (await opened(blob.get('key'))).cancel()
          {
            await using unread = await opened(blob.get('key'))
            expect(unread.end).toBe(largeBytes)
          }
        }
        expect((await (await opened(blob.get('key'))).bytes()).byteLength).toBe(largeBytes)
      },
    },
    {
      name: 'a reader of the old version gets it whole, or an error, while another replaces it',
      async run({ blob, largeBytes, eventually }) {
        const before = sampleBytes(largeBytes, 1)
        const after = sampleBytes(largeBytes, 2)
        await blob.put('key', before)
        await eventually(async () => expect((await blob.head('key'))?.size).toBe(largeBytes))
        const stream = (await opened(blob.get('key'))).stream()
        await blob.put('key', after)
        const read = await drain(stream).then(
          ({ bytes }) => bytes,
          () => null,
        )
        if (read !== null) expect([await digest(before), await digest(after)]).toContain(await digest(read))
      },
    },
    {
      name: 'a source that fails midway leaves nothing, tells its error as the cause, and is let go',
      skip: needs('write'),
      async run({ blob, largeBytes }) {
        const failure = new Error('the source broke')
        const source = breaking(largeBytes, failure)
        const error = await refused(blob.put('key', source.stream), 'Unexpected')
        expect(error.cause).toBe(failure)
        expect(source.stream.locked).toBe(false)
        await nothingStored(blob, 'key')
      },
    },
    {
      name: 'a source that fails midway leaves the old object',
      skip: needs('write'),
      async run({ blob, largeBytes, eventually }) {
        await blob.put('key', 'old')
        await refused(blob.put('key', breaking(largeBytes, new Error('broke')).stream), 'Unexpected')
        await eventually(async () => expect(await textOf(blob, 'key')).toBe('old'))
      },
    },
    {
      name: 'a signal that fires midway ends the put, leaves nothing, and the source is let go',
      skip: needs('write'),
      async run({ blob, largeBytes }) {
        const { source, signal } = aborting(largeBytes)
        await refused(blob.put('key', source.stream, { signal }), 'Cancelled')
        expect(source.cancelled()).toBe(true)
        expect(source.stream.locked).toBe(false)
        await nothingStored(blob, 'key')
      },
    },
    {
      name: 'a signal that fires midway leaves the old object',
      skip: needs('write'),
      async run({ blob, largeBytes, eventually }) {
        const old = await blob.put('key', 'old')
        const { source, signal } = aborting(largeBytes)
        await refused(blob.put('key', source.stream, { signal }), 'Cancelled')
        await eventually(async () => {
          expect(await textOf(blob, 'key')).toBe('old')
          expect((await blob.head('key'))?.etag).toBe(old.etag)
        })
      },
    },
    {
      name: 'a signal that fires while an object is read ends the reading with Cancelled',
      async run({ blob, largeBytes, eventually }) {
        await blob.put('key', sampleBytes(largeBytes))
        await eventually(async () => expect((await blob.head('key'))?.size).toBe(largeBytes))
        const controller = new AbortController()
        const handle = await opened(blob.get('key', { signal: controller.signal }))
        const reader = handle.stream().getReader()
        expect((await reader.read()).done).toBe(false)
        controller.abort()
        await refused(
          (async () => {
            while (!(await reader.read()).done);
          })(),
          'Cancelled',
        )
      },
    },
    {
      name: 'a body longer than its size is InvalidInput and leaves nothing',
      skip: needs('write'),
      async run({ blob }) {
        const bytes = sampleBytes(200_000)
        const source = sampleStream(bytes)
        await refused(blob.put('stream', source.stream, { size: 199_999 }), 'InvalidInput')
        expect(source.stream.locked).toBe(false)
        await refused(
          blob.put('multiple', sampleStream(bytes, { chunk: 1000 }).stream, { size: 1000 }),
          'InvalidInput',
        )
        await refused(blob.put('bytes', bytes, { size: 199_999 }), 'InvalidInput')
        await refused(blob.put('text', 'four', { size: 3 }), 'InvalidInput')
        await refused(blob.put('blob', new Blob(['four']), { size: 3 }), 'InvalidInput')
        for (const key of ['stream', 'multiple', 'bytes', 'text', 'blob']) await nothingStored(blob, key)
      },
    },
    {
      name: 'a body shorter than its size is InvalidInput and leaves nothing',
      skip: needs('write'),
      async run({ blob }) {
        await refused(
          blob.put('stream', sampleStream(sampleBytes(1000)).stream, { size: 1001 }),
          'InvalidInput',
        )
        await refused(blob.put('empty', new Blob([]).stream(), { size: 1 }), 'InvalidInput')
        await refused(blob.put('text', 'four', { size: 5 }), 'InvalidInput')
        for (const key of ['stream', 'empty', 'text']) await nothingStored(blob, key)
        for (const size of [-1, 1.5, Number.NaN])
          await refused(blob.put('text', 'four', { size }), 'InvalidInput')
      },
    },
    {
      name: 'a wrong size leaves the old object',
      skip: needs('write'),
      async run({ blob, eventually }) {
        await blob.put('key', 'old')
        await refused(blob.put('key', sampleStream(sampleBytes(1000)).stream, { size: 999 }), 'InvalidInput')
        await refused(blob.put('key', sampleStream(sampleBytes(1000)).stream, { size: 1001 }), 'InvalidInput')
        await eventually(async () => expect(await textOf(blob, 'key')).toBe('old'))
      },
    },
    {
      name: 'a body of exactly maxBytes is stored, a longer one is LimitExceeded and leaves nothing',
      skip: needs('write'),
      async run({ blob, eventually }) {
        const bytes = sampleBytes(200_000)
        await blob.put('fits', sampleStream(bytes).stream, { maxBytes: 200_000 })
        await eventually(async () => expect((await blob.head('fits'))?.size).toBe(200_000))
        const source = sampleStream(sampleBytes(2_000_000))
        await refused(blob.put('stream', source.stream, { maxBytes: 199_999 }), 'LimitExceeded')
        expect(source.cancelled()).toBe(true)
        expect(source.pulled()).toBeLessThan(2_000_000)
        await refused(blob.put('bytes', bytes, { maxBytes: 199_999 }), 'LimitExceeded')
        await refused(blob.put('text', 'four', { maxBytes: 3 }), 'LimitExceeded')
        await refused(blob.put('blob', new Blob(['four']), { maxBytes: 3 }), 'LimitExceeded')
        for (const key of ['stream', 'bytes', 'text', 'blob']) await nothingStored(blob, key)
      },
    },
    {
      name: 'empty chunks and chunks of one byte are stored as they come',
      skip: needs('write'),
      async run({ blob, eventually }) {
        const parts = [[], [1], [], [], [2, 3], [], [4], []]
        const stream = new ReadableStream<Uint8Array>({
          start(controller) {
            for (const part of parts) controller.enqueue(Uint8Array.from(part))
            controller.close()
          },
        })
        await blob.put('key', stream, { size: 4 })
        await eventually(async () => {
          expect(await (await opened(blob.get('key'))).bytes()).toEqual(new Uint8Array([1, 2, 3, 4]))
        })
      },
    },
    {
      name: 'a body that is no byte stream is InvalidInput and leaves nothing',
      skip: needs('write'),
      async run({ blob }) {
        const words = new ReadableStream<string>({
          start(controller) {
            controller.enqueue('text')
            controller.close()
          },
        })
        await refused(blob.put('key', words as never), 'InvalidInput')
        await refused(blob.put('key', 7 as never), 'InvalidInput')
        const locked = sampleStream(sampleBytes(10)).stream
        locked.getReader()
        await refused(blob.put('key', locked), 'InvalidInput')
        await nothingStored(blob, 'key')
      },
    },
  ],
}

async function nothingStored(blob: BlobSubject['blob'], key: string): Promise<void> {
  expect(await blob.head(key), key).toBeNull()
  expect(await blob.get(key), key).toBeNull()
  expect((await blob.list()).objects.map((object) => object.key)).not.toContain(key)
}

/** Yields most of its bytes, then fails. */
function breaking(length: number, failure: Error) {
  return sampleStream(sampleBytes(length), {
    chunk,
    onPull: (index) => {
      if (index >= Math.ceil(length / chunk) - 2) throw failure
    },
  })
}

/** Yields most of its bytes, then its caller leaves and it hangs. */
function aborting(length: number) {
  const controller = new AbortController()
  const source = sampleStream(sampleBytes(length), {
    chunk,
    onPull: (index) => {
      if (index < Math.ceil(length / chunk) - 2) return undefined
      queueMicrotask(() => controller.abort(new Error('the caller left')))
      return never()
    },
  })
  return { source, signal: controller.signal }
}
