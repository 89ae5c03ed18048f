/** Dedupe cases: what was recorded is what is found. */
import { expect } from 'vitest'
import { type ConformanceGroup, refused } from '../conformance.ts'
import { type DedupeSubject, fingerprint, stateOf, take } from './subject.ts'

const values: readonly unknown[] = [
  null,
  true,
  0,
  -1.5,
  '',
  'text',
  '日本語 😀 \u0000 \u2028 "quoted" \\ \n',
  [],
  {},
  [1, [2, [3, null]]],
  { nested: { deep: [{ a: 1 }, { b: 'ß' }] }, 'key with space': null },
]

export const results: ConformanceGroup<DedupeSubject> = {
  name: 'results',
  cases: [
    {
      name: 'any JSON value is found as it was recorded',
      async run({ dedupe, longMs }) {
        for (const [index, value] of values.entries()) {
          const key = `key-${index}`
          const token = await take(dedupe, key, longMs)
          expect(await dedupe.complete(key, token, value, longMs)).toBe(true)
          expect(await dedupe.begin(key, { leaseMs: longMs, fingerprint })).toEqual({
            state: 'done',
            result: value,
          })
        }
      },
    },
    {
      name: 'no result is found as null',
      async run({ dedupe, longMs }) {
        const token = await take(dedupe, 'key', longMs)
        expect(await dedupe.complete('key', token, undefined, longMs)).toBe(true)
        expect(await dedupe.begin('key', { leaseMs: longMs, fingerprint })).toEqual({
          state: 'done',
          result: null,
        })
      },
    },
    {
      name: 'the recorded result is a copy, and everybody finds their own',
      async run({ dedupe, longMs }) {
        const result = { list: [1] }
        const token = await take(dedupe, 'key', longMs)
        const completing = dedupe.complete('key', token, result, longMs)
        result.list.push(2)
        await completing
        const found = await dedupe.begin('key', { leaseMs: longMs, fingerprint })
        expect(found).toEqual({ state: 'done', result: { list: [1] } })
        if (found.state === 'done') (found.result as typeof result).list.push(3)
        expect(await dedupe.begin('key', { leaseMs: longMs, fingerprint })).toEqual({
          state: 'done',
          result: { list: [1] },
        })
      },
    },
    {
      name: 'a result as large as the limit is kept; one byte more is LimitExceeded and leaves the key in flight',
      skip: ({ info }) =>
        info.limits.maxResultBytes <= 8 * 1024 * 1024 ? null : 'a result that large is too much for a test',
      async run(subject) {
        const { dedupe, info, longMs } = subject
        // A JSON text has two quotes; the é counts two bytes.
        const text = `é${'x'.repeat(info.limits.maxResultBytes - 4)}`
        const token = await take(dedupe, 'key', longMs)
        const error = await refused(dedupe.complete('key', token, `${text}x`, longMs), 'LimitExceeded')
        expect(error.message).not.toContain('xxxx')
        expect(await stateOf(subject, 'key')).toBe('in_flight')
        expect(await dedupe.complete('key', token, text, longMs)).toBe(true)
        const found = await dedupe.begin('key', { leaseMs: longMs, fingerprint })
        expect(found.state === 'done' && found.result === text).toBe(true)
      },
    },
    {
      name: 'what JSON cannot say is InvalidInput and leaves the key in flight',
      async run(subject) {
        const { dedupe, longMs } = subject
        const token = await take(dedupe, 'key', longMs)
        const loop: { self?: unknown } = {}
        loop.self = loop
        for (const bad of [loop, 1n, () => 1, Symbol('s')]) {
          await refused(dedupe.complete('key', token, bad, longMs), 'InvalidInput')
        }
        expect(await stateOf(subject, 'key')).toBe('in_flight')
      },
    },
  ],
}
