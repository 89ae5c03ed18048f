/** Key-value cases: signals, error shape, and the reading side. */
import { expect } from 'vitest'
import type { KeyValue, KvReader } from '../../kv/contract.ts'
import { all, refused, viewOf, type ConformanceGroup } from '../conformance.ts'
import { never, sampleBytes, sampleStream } from '../samples.ts'
import { type KvSubject, needs } from './subject.ts'

export const calls: ConformanceGroup<KvSubject> = {
  name: 'calls',
  cases: [
    {
      name: 'a call whose signal has fired is Cancelled and does nothing',
      async run({ kv, info, eventually }) {
        const signal = AbortSignal.abort(new Error('gone'))
        await kv.put('key', 'old')
        await refused(kv.put('key', 'new', { signal }), 'Cancelled')
        await refused(kv.put('new', sampleStream(sampleBytes(10)).stream, { signal }), 'Cancelled')
        await refused(kv.delete('key', { signal }), 'Cancelled')
        await refused(kv.deleteMany(['key'], { signal }), 'Cancelled')
        await refused(kv.get('key', { signal }), 'Cancelled')
        await refused(kv.getWithMetadata('key', { signal }), 'Cancelled')
        await refused(kv.getMany(['key'], { signal }), 'Cancelled')
        if (info.features.list) {
          await refused(kv.list({ signal }), 'Cancelled')
          await refused(all(kv.keys({ signal })), 'Cancelled')
        }
        await eventually(async () => expect(await kv.get('key')).toBe('old'))
        expect(await kv.get('new')).toBeNull()
      },
    },
    {
      name: 'a signal that fires while a stream is read ends the put, stores nothing and lets the stream go',
      async run({ kv, eventually }) {
        await kv.put('key', 'old')
        const controller = new AbortController()
        const source = sampleStream(sampleBytes(10_000), {
          chunk: 1000,
          onPull: (index) => {
            if (index !== 3) return undefined
            queueMicrotask(() => controller.abort())
            return never()
          },
        })
        await refused(kv.put('key', source.stream, { signal: controller.signal }), 'Cancelled')
        await eventually(async () => expect(await kv.get('key')).toBe('old'))
        expect(source.cancelled()).toBe(true)
      },
    },
    {
      name: 'an error tells capability, operation and key, and its JSON holds no cause',
      async run({ kv }) {
        await kv.put('broken', 'not json')
        const error = await refused(kv.get('broken', { as: 'json' }), 'Corrupt')
        expect(error.capability).toMatch(/^kv(:|$)/)
        expect(error.operation).toBe('get')
        expect(error.key).toBe('broken')
        expect(error.code).toBe('CAPABILITY_CORRUPT')
        expect(error.retryable).toBe('never')
        expect(Object.keys(error.toJSON())).not.toContain('cause')
        expect((await refused(kv.delete('..'), 'InvalidInput')).operation).toBe('delete')
      },
    },
    {
      name: 'an error of the store tells capability, operation and key',
      skip: needs('conditional'),
      async run({ kv }) {
        await kv.put('key', 'value')
        const error = await refused(kv.put('key', 'other', { ifAbsent: true }), 'AlreadyExists')
        expect(error.capability).toMatch(/^kv(:|$)/)
        expect(error.operation).toMatch(/^put/)
        expect(error.key).toBe('key')
      },
    },
    {
      name: 'the reading side reads and has no writing methods',
      skip: notPortable,
      async run({ kv, eventually }) {
        const reader = viewOf<KvReader>(kv, 'read')
        await kv.put('key', 'value')
        await eventually(async () => expect(await reader?.get('key')).toBe('value'))
        for (const method of ['put', 'delete', 'deleteMany']) expect(reader).not.toHaveProperty(method)
      },
    },
    {
      name: 'calls of a run end with the signal of the run',
      skip: notPortable,
      async run({ kv }) {
        const writer = viewOf<KeyValue>(kv, 'write', AbortSignal.abort())
        await refused((writer ?? expect.fail('there is no view')).put('key', 'value'), 'Cancelled')
        expect(await kv.get('key')).toBeNull()
      },
    },
  ],
}

function notPortable({ kv }: KvSubject): string | null {
  return viewOf(kv, 'read') === null ? 'the store is not made by createKeyValue' : null
}
