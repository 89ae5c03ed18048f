/** Blob cases: what goes in comes out, in every form. */
import { expect } from 'vitest'
import { refused, type ConformanceGroup } from '../conformance.ts'
import { digest, drain, everyByte, sampleBytes, sampleStream } from '../samples.ts'
import { type BlobSubject, bytesOf, lacks, needs, opened, textOf } from './subject.ts'

export const values: ConformanceGroup<BlobSubject> = {
  name: 'values',
  cases: [
    {
      name: 'an absent object is null to get and head, and deleting it is no error',
      async run({ blob }) {
        expect(await blob.get('absent')).toBeNull()
        expect(await blob.head('absent')).toBeNull()
        await blob.delete('absent')
        await blob.deleteMany(['absent', 'gone'])
      },
    },
    {
      name: 'text comes back as it was, in UTF-8',
      async run({ blob, eventually }) {
        const texts = [
          'plain',
          'lines\r\nand\n',
          'nul \0 inside',
          'Grüße 世界 😀 e\u0301',
          '\ufeffmark first',
        ]
        for (const [i, text] of texts.entries()) await blob.put(`text/${i}`, text)
        for (const [i, text] of texts.entries()) {
          await eventually(async () => {
            expect(await textOf(blob, `text/${i}`)).toBe(text)
            expect(await bytesOf(blob, `text/${i}`)).toEqual(new TextEncoder().encode(text))
          })
        }
      },
    },
    {
      name: 'bytes that are no UTF-8 come back exactly',
      async run({ blob, eventually }) {
        await blob.put('bytes', everyByte)
        await eventually(async () => expect(await bytesOf(blob, 'bytes')).toEqual(everyByte))
      },
    },
    {
      name: 'an object of zero bytes is an object, from text, bytes, Blob and stream',
      async run({ blob, eventually }) {
        await blob.put('text', '')
        await blob.put('bytes', new Uint8Array(0))
        await blob.put('blob', new Blob([]))
        await blob.put('stream', new Blob([]).stream())
        await blob.put('sized', new Blob([]).stream(), { size: 0 })
        for (const key of ['text', 'bytes', 'blob', 'stream', 'sized']) {
          await eventually(async () => {
            expect((await blob.head(key))?.size, key).toBe(0)
            expect(await bytesOf(blob, key), key).toEqual(new Uint8Array(0))
            expect((await drain((await opened(blob.get(key))).stream())).bytes.byteLength).toBe(0)
          })
        }
      },
    },
    {
      name: 'JSON is parsed; an object that is not JSON is Corrupt',
      async run({ blob, eventually }) {
        await blob.put('json', '{"n": [1, null, "ü"]}')
        await blob.put('broken', '{"half":')
        await eventually(async () => {
          expect(await (await opened(blob.get('json'))).json()).toEqual({ n: [1, null, 'ü'] })
        })
        await eventually(async () => expect(await textOf(blob, 'broken')).toBe('{"half":'))
        const error = await refused((await opened(blob.get('broken'))).json(), 'Corrupt')
        expect(error.key).toBe('broken')
      },
    },
    {
      name: 'a Blob is stored with its bytes',
      async run({ blob, eventually }) {
        const bytes = sampleBytes(200_001)
        const object = await blob.put('blob', new Blob([bytes.slice(0, 70_000), bytes.slice(70_000)]))
        expect(object.size).toBe(bytes.byteLength)
        await eventually(async () => expect(await bytesOf(blob, 'blob')).toEqual(bytes))
      },
    },
    {
      name: 'a multi-megabyte object comes back with the same digest, from bytes and from a stream of unknown length',
      async run({ blob, largeBytes, eventually }) {
        const bytes = sampleBytes(largeBytes)
        const expected = await digest(bytes)
        await blob.put('bytes', bytes)
        await blob.put('stream', sampleStream(bytes, { chunk: 70_001 }).stream)
        for (const key of ['bytes', 'stream']) {
          await eventually(async () => {
            expect((await blob.head(key))?.size).toBe(largeBytes)
            const read = await bytesOf(blob, key)
            expect(read === null ? null : await digest(read), key).toBe(expected)
            const { bytes: streamed } = await drain((await opened(blob.get(key))).stream())
            expect(await digest(streamed), key).toBe(expected)
          })
        }
      },
    },
    {
      name: 'put and head tell the same of the object',
      async run({ blob, eventually }) {
        const put = await blob.put('dir/key', 'hello')
        expect(put).toMatchObject({ key: 'dir/key', size: 5 })
        expect(put.etag).toMatch(/^[\x21\x23-\x7e]+$/)
        expect(put.lastModified).toBeInstanceOf(Date)
        await eventually(async () => {
          const head = await blob.head('dir/key')
          expect(head).toMatchObject({ key: 'dir/key', size: 5, etag: put.etag })
          // Some stores keep whole seconds.
          expect(Math.abs((head?.lastModified.getTime() ?? 0) - put.lastModified.getTime())).toBeLessThan(
            2000,
          )
          const handle = await opened(blob.get('dir/key'))
          expect(handle.object).toMatchObject({ key: 'dir/key', size: 5, etag: put.etag })
          expect([handle.start, handle.end]).toEqual([0, 5])
          await handle.cancel()
        })
      },
    },
    {
      name: 'put replaces the object and its etag',
      async run({ blob, eventually }) {
        const first = await blob.put('key', 'a text that is longer')
        const second = await blob.put('key', 'short')
        expect(second.etag).not.toBe(first.etag)
        await eventually(async () => {
          expect(await textOf(blob, 'key')).toBe('short')
          expect(await blob.head('key')).toMatchObject({ size: 5, etag: second.etag })
        })
      },
    },
    {
      name: 'an object is read once: a second reading is InvalidInput, in whatever form',
      async run({ blob, eventually }) {
        await blob.put('key', 'hello')
        await eventually(async () => expect(await textOf(blob, 'key')).toBe('hello'))
        const handle = await opened(blob.get('key'))
        expect(await handle.text()).toBe('hello')
        await refused(handle.text(), 'InvalidInput')
        await refused(handle.bytes(), 'InvalidInput')
        await refused(handle.json(), 'InvalidInput')
        await refused((async () => handle.stream())(), 'InvalidInput')
        const other = await opened(blob.get('key'))
        await other.cancel()
        await other.cancel()
        await refused(other.text(), 'InvalidInput')
      },
    },
    {
      name: 'the buffer given to put may be used again, and what was read may be changed',
      async run({ blob, eventually }) {
        const given = sampleBytes(1000)
        const writing = blob.put('key', given)
        given.fill(0)
        await writing
        given.fill(1)
        await eventually(async () => expect(await bytesOf(blob, 'key')).toEqual(sampleBytes(1000)))
        ;(await bytesOf(blob, 'key'))?.fill(7)
        for await (const chunk of (await opened(blob.get('key'))).stream()) chunk.fill(9)
        expect(await bytesOf(blob, 'key')).toEqual(sampleBytes(1000))
      },
    },
    {
      name: 'a source stream may use one buffer for all its chunks',
      skip: needs('write'),
      async run({ blob, eventually }) {
        const buffer = new Uint8Array(1000)
        let n = 0
        const stream = new ReadableStream<Uint8Array>(
          {
            pull(controller) {
              n += 1
              controller.enqueue(buffer.fill(n))
              if (n === 50) controller.close()
            },
          },
          { highWaterMark: 0 },
        )
        await blob.put('key', stream)
        await eventually(async () => {
          const read = await bytesOf(blob, 'key')
          expect(read?.byteLength).toBe(50_000)
          expect(read?.every((byte, i) => byte === Math.floor(i / 1000) + 1)).toBe(true)
        })
      },
    },
    {
      name: 'copy makes an object of its own with the same content',
      skip: needs('write'),
      async run({ blob, info, eventually }) {
        const metadata = { owner: 'ann' }
        await blob.put('from', 'content', {
          ...(info.features.contentType ? { contentType: 'text/x-sample' } : {}),
          ...(info.features.metadata ? { metadata } : {}),
        })
        const copied = await blob.copy('from', 'to/there')
        expect(copied).toMatchObject({ key: 'to/there', size: 7 })
        await blob.put('from', 'changed')
        await eventually(async () => {
          expect(await textOf(blob, 'to/there')).toBe('content')
          const head = await blob.head('to/there')
          if (info.features.contentType) expect(head?.contentType).toBe('text/x-sample')
          if (info.features.metadata) expect(head?.metadata).toEqual(metadata)
        })
      },
    },
    {
      name: 'copy replaces what is there, and onto itself changes nothing',
      skip: needs('write'),
      async run({ blob, eventually }) {
        await blob.put('from', 'content')
        await blob.put('to', 'something longer')
        await blob.copy('from', 'to')
        expect(await blob.copy('from', 'from')).toMatchObject({ key: 'from', size: 7 })
        await eventually(async () => {
          expect(await textOf(blob, 'to')).toBe('content')
          expect(await textOf(blob, 'from')).toBe('content')
        })
      },
    },
    {
      name: 'copying a multi-megabyte object keeps its digest',
      skip: needs('write'),
      async run({ blob, largeBytes, eventually }) {
        const bytes = sampleBytes(largeBytes)
        await blob.put('from', bytes)
        await eventually(async () => expect((await blob.head('from'))?.size).toBe(largeBytes))
        await blob.copy('from', 'to')
        await eventually(async () => {
          const read = await bytesOf(blob, 'to')
          expect(read === null ? null : await digest(read)).toBe(await digest(bytes))
        })
      },
    },
    {
      name: 'copying what is absent is NotFound and leaves the target',
      async run({ blob, eventually }) {
        await blob.put('to', 'stays')
        await refused(blob.copy('absent', 'to'), 'NotFound')
        await refused(blob.copy('absent', 'absent'), 'NotFound')
        await eventually(async () => expect(await textOf(blob, 'to')).toBe('stays'))
      },
    },
    {
      name: 'delete removes the object, deleteMany those that are there and more than maxBulkKeys',
      skip: needs('write'),
      async run({ blob, info, eventually }) {
        const most = info.limits.maxBulkKeys
        const keys = Array.from({ length: most <= 1000 ? most + 3 : 60 }, (_, i) => `many/${i}`)
        for (const key of keys) await blob.put(key, 'x')
        await blob.put('one', 'x')
        await blob.put('stays', 'x')
        await blob.delete('one')
        await blob.deleteMany([...keys, 'absent', keys[0] ?? ''])
        await blob.deleteMany([])
        await eventually(async () => {
          expect((await blob.list()).objects.map(({ key }) => key)).toEqual(['stays'])
          expect(await blob.head('one')).toBeNull()
        })
      },
    },
    {
      name: 'a presigned URL reads the object without credentials',
      skip: needs('presign'),
      async run({ blob, eventually }) {
        await blob.put('dir/a key+%', 'signed')
        await eventually(async () => {
          const url = await blob.presign('dir/a key+%', { method: 'get', expiresInSeconds: 60 })
          const response = await fetch(url)
          expect([response.status, await response.text()]).toEqual([200, 'signed'])
        })
      },
    },
    {
      name: 'a presigned URL writes the object without credentials',
      skip: needs('presign'),
      async run({ blob, eventually }) {
        const url = await blob.presign('upload', { method: 'put', expiresInSeconds: 60 })
        const response = await fetch(url, { method: 'PUT', body: 'uploaded' })
        expect(response.ok).toBe(true)
        await response.body?.cancel()
        await eventually(async () => expect(await textOf(blob, 'upload')).toBe('uploaded'))
      },
    },
    {
      name: 'presign refuses a lifetime that is no whole number above 0',
      skip: needs('presign'),
      async run({ blob }) {
        for (const expiresInSeconds of [0, -1, 1.5, Number.NaN, Infinity]) {
          await refused(blob.presign('key', { method: 'get', expiresInSeconds }), 'InvalidInput')
        }
      },
    },
    {
      name: 'presign is Unsupported where the store has none',
      skip: lacks('presign'),
      async run({ blob }) {
        await refused(blob.presign('key', { method: 'get', expiresInSeconds: 60 }), 'Unsupported')
      },
    },
  ],
}
