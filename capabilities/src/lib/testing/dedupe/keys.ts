/** Dedupe cases: which keys there are, and which are the same. */
import { expect } from 'vitest'
import { type ConformanceGroup, refused } from '../conformance.ts'
import { awkwardSegments, everyByte, sampleBytes, textOfBytes } from '../samples.ts'
import { type DedupeSubject, stateOf, take } from './subject.ts'

export const keys: ConformanceGroup<DedupeSubject> = {
  name: 'keys',
  cases: [
    {
      name: 'a text and its bytes are two keys',
      async run({ dedupe, longMs }) {
        const text = 'order-1'
        const bytes = new TextEncoder().encode(text)
        const encoded = btoa(text).replaceAll('=', '')
        expect(await dedupe.putIfAbsent(text, longMs)).toBe(true)
        expect(await dedupe.putIfAbsent(bytes, longMs)).toBe(true)
        expect(await dedupe.putIfAbsent(encoded, longMs)).toBe(true)
        expect(await dedupe.putIfAbsent(`b:${encoded}`, longMs)).toBe(true)
        expect(await dedupe.putIfAbsent(`t:${text}`, longMs)).toBe(true)
        await dedupe.forget(bytes)
        expect(await dedupe.putIfAbsent(text, longMs)).toBe(false)
        expect(await dedupe.putIfAbsent(bytes, longMs)).toBe(true)
      },
    },
    {
      name: 'bytes are a key by their content, all of it',
      async run({ dedupe, longMs }) {
        const digests = [everyByte, everyByte.slice(1), new Uint8Array(1), new Uint8Array(2), sampleBytes(32)]
        for (const bytes of digests) expect(await dedupe.putIfAbsent(bytes, longMs)).toBe(true)
        for (const bytes of digests) expect(await dedupe.putIfAbsent(bytes.slice(), longMs)).toBe(false)
        const part = new Uint8Array([9, ...sampleBytes(32), 9]).subarray(1, 33)
        expect(await dedupe.putIfAbsent(part, longMs)).toBe(false)
      },
    },
    {
      name: 'the store keeps its own copy of a bytes key',
      async run({ dedupe, longMs }) {
        const bytes = sampleBytes(32)
        const reserving = dedupe.putIfAbsent(bytes, longMs)
        bytes.fill(0)
        expect(await reserving).toBe(true)
        expect(await dedupe.putIfAbsent(sampleBytes(32), longMs)).toBe(false)
        expect(await dedupe.putIfAbsent(bytes, longMs)).toBe(true)
      },
    },
    {
      name: 'keys that look alike, or that some store would change, are each their own',
      async run({ dedupe, longMs }) {
        for (const key of awkwardSegments)
          expect(await dedupe.putIfAbsent(key, longMs), JSON.stringify(key)).toBe(true)
        for (const key of awkwardSegments)
          expect(await dedupe.putIfAbsent(key, longMs), JSON.stringify(key)).toBe(false)
      },
    },
    {
      name: 'a key as long as the limit works in every step; one byte more is LimitExceeded',
      skip: ({ info }) => (Number.isFinite(info.limits.maxKeyBytes) ? null : 'no limit is stated'),
      async run({ dedupe, info, longMs }) {
        const room = info.limits.maxKeyBytes - 2
        const key = textOfBytes(room)
        const token = await take(dedupe, key, longMs)
        expect(await dedupe.renew(key, token, longMs)).toBe(true)
        expect(await dedupe.complete(key, token, 'ok', longMs)).toBe(true)
        await dedupe.forget(key)
        const error = await refused(dedupe.putIfAbsent(`${key}k`, longMs), 'LimitExceeded')
        expect(error.details).toMatchObject({ max: info.limits.maxKeyBytes })
        await refused(dedupe.begin(`${key}k`, { leaseMs: longMs, fingerprint: 'f' }), 'LimitExceeded')
        await refused(dedupe.putIfAbsent(new Uint8Array(room), longMs), 'LimitExceeded')
        expect(await dedupe.putIfAbsent(new Uint8Array(Math.floor((room * 3) / 4)), longMs)).toBe(true)
      },
    },
    {
      name: 'a key that is empty or no well-formed text is InvalidInput in every step',
      async run({ dedupe, longMs }) {
        for (const key of ['', 'a\0b', '\ud800', new Uint8Array(0)]) {
          await refused(dedupe.putIfAbsent(key, longMs), 'InvalidInput')
          await refused(dedupe.begin(key, { leaseMs: longMs, fingerprint: 'f' }), 'InvalidInput')
          await refused(dedupe.complete(key, 'token', 1, longMs), 'InvalidInput')
          await refused(dedupe.release(key, 'token'), 'InvalidInput')
          await refused(dedupe.renew(key, 'token', longMs), 'InvalidInput')
          await refused(dedupe.forget(key), 'InvalidInput')
        }
      },
    },
    {
      name: 'the ledger takes bytes as well',
      async run(subject) {
        const { dedupe, longMs } = subject
        const key = sampleBytes(32)
        const token = await take(dedupe, key, longMs)
        expect(await stateOf(subject, key)).toBe('in_flight')
        expect(await dedupe.complete(key, token, 'ok', longMs)).toBe(true)
        expect(await stateOf(subject, key)).toBe('done')
      },
    },
  ],
}
