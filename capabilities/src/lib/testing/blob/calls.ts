/** Blob cases: signals, error shape, and the reading side. */
import { expect } from 'vitest'
import type { BlobReader, BlobStore } from '../../blob/contract.ts'
import { all, refused, viewOf, type ConformanceGroup } from '../conformance.ts'
import { sampleBytes, sampleStream } from '../samples.ts'
import { type BlobSubject, needs, opened, textOf } from './subject.ts'

export const calls: ConformanceGroup<BlobSubject> = {
  name: 'calls',
  cases: [
    {
      name: 'a call whose signal has fired is Cancelled and does nothing',
      async run({ blob, eventually }) {
        const signal = AbortSignal.abort(new Error('gone'))
        await blob.put('key', 'old')
        const source = sampleStream(sampleBytes(10))
        await refused(blob.put('key', 'new', { signal }), 'Cancelled')
        await refused(blob.put('new', source.stream, { signal }), 'Cancelled')
        await refused(blob.delete('key', { signal }), 'Cancelled')
        await refused(blob.deleteMany(['key'], { signal }), 'Cancelled')
        await refused(blob.copy('key', 'new', { signal }), 'Cancelled')
        await refused(blob.get('key', { signal }), 'Cancelled')
        await refused(blob.head('key', { signal }), 'Cancelled')
        await refused(blob.list({ signal }), 'Cancelled')
        await refused(all(blob.entries({ signal })), 'Cancelled')
        expect(source.cancelled()).toBe(true)
        expect(source.pulled()).toBe(0)
        await eventually(async () => expect(await textOf(blob, 'key')).toBe('old'))
        expect(await blob.head('new')).toBeNull()
      },
    },
    {
      name: 'a stream that is refused for its key is let go unread',
      skip: needs('write'),
      async run({ blob }) {
        const source = sampleStream(sampleBytes(10))
        await refused(blob.put('../x', source.stream), 'InvalidInput')
        expect([source.cancelled(), source.pulled(), source.stream.locked]).toEqual([true, 0, false])
      },
    },
    {
      name: 'an error tells capability, operation and key, and its JSON holds no cause',
      async run({ blob, eventually }) {
        await blob.put('broken', 'not json')
        await eventually(async () => expect(await blob.head('broken')).not.toBeNull())
        const error = await refused((await opened(blob.get('broken'))).json(), 'Corrupt')
        expect(error.capability).toMatch(/^blob(:|$)/)
        expect(error.operation).toBe('get')
        expect(error.key).toBe('broken')
        expect(error.code).toBe('CAPABILITY_CORRUPT')
        expect(error.retryable).toBe('never')
        expect(Object.keys(error.toJSON())).not.toContain('cause')
        const missing = await refused(blob.copy('absent', 'to'), 'NotFound')
        expect([missing.operation, missing.key]).toEqual(['copy', 'absent'])
      },
    },
    {
      name: 'an error of the store tells capability, operation and key',
      skip: needs('ranges'),
      async run({ blob, eventually }) {
        await blob.put('key', 'value')
        await eventually(async () => expect(await blob.head('key')).not.toBeNull())
        const error = await refused(blob.get('key', { range: { offset: 99 } }), 'RangeNotSatisfied')
        expect(error.capability).toMatch(/^blob(:|$)/)
        expect([error.operation, error.key]).toEqual(['get', 'key'])
      },
    },
    {
      name: 'the reading side reads and has no writing methods',
      skip: notPortable,
      async run({ blob, eventually }) {
        const reader = viewOf<BlobReader>(blob, 'read')
        await blob.put('key', 'value')
        await eventually(async () => expect(await (await reader?.get('key'))?.text()).toBe('value'))
        for (const method of ['put', 'delete', 'deleteMany', 'copy', 'presign']) {
          expect(reader).not.toHaveProperty(method)
        }
      },
    },
    {
      name: 'calls of a run end with the signal of the run, reading too',
      skip: notPortable,
      async run({ blob, largeBytes, eventually }) {
        const gone = viewOf<BlobStore>(blob, 'write', AbortSignal.abort())
        await refused((gone ?? expect.fail('there is no view')).put('new', 'value'), 'Cancelled')
        expect(await blob.head('new')).toBeNull()
        await blob.put('key', sampleBytes(largeBytes))
        await eventually(async () => expect(await blob.head('key')).not.toBeNull())
        const controller = new AbortController()
        const reader = viewOf<BlobReader>(blob, 'read', controller.signal)
        const handle = (await reader?.get('key')) ?? expect.fail('the object is absent')
        controller.abort()
        await refused(handle.bytes(), 'Cancelled')
      },
    },
  ],
}

function notPortable({ blob }: BlobSubject): string | null {
  return viewOf(blob, 'read') === null ? 'the store is not made by createBlobStore' : null
}
