/** Dedupe cases: one key, one request. */
import { expect } from 'vitest'
import { type ConformanceGroup, refused } from '../conformance.ts'
import { type DedupeSubject, fingerprint, needsToWait, stateOf, take } from './subject.ts'

export const fingerprints: ConformanceGroup<DedupeSubject> = {
  name: 'fingerprints',
  cases: [
    {
      name: 'another request under a key in flight is ConditionNotMatch with code IDEM099',
      async run(subject) {
        const { dedupe, longMs } = subject
        const token = await take(dedupe, 'key', longMs)
        const error = await refused(
          dedupe.begin('key', { leaseMs: longMs, fingerprint: 'other' }),
          'ConditionNotMatch',
        )
        expect(error.code).toBe('IDEM099')
        expect(error.key).toBe('key')
        expect(error.retryable).toBe('never')
        expect(await stateOf(subject, 'key')).toBe('in_flight')
        expect(await dedupe.complete('key', token, 1, longMs)).toBe(true)
      },
    },
    {
      name: 'another request under a key that is done is ConditionNotMatch with code IDEM099',
      async run(subject) {
        const { dedupe, longMs } = subject
        const token = await take(dedupe, 'key', longMs)
        await dedupe.complete('key', token, 'secret of another', longMs)
        const error = await refused(
          dedupe.begin('key', { leaseMs: longMs, fingerprint: 'other' }),
          'ConditionNotMatch',
        )
        expect(error.code).toBe('IDEM099')
        expect(JSON.stringify(error)).not.toContain('secret of another')
        expect(await stateOf(subject, 'key')).toBe('done')
      },
    },
    {
      name: 'a released or forgotten key takes another request',
      async run({ dedupe, longMs }) {
        const token = await take(dedupe, 'key', longMs, 'first')
        await dedupe.release('key', token)
        await take(dedupe, 'key', longMs, 'second')
        await dedupe.forget('key')
        await take(dedupe, 'key', longMs, 'third')
      },
    },
    {
      name: 'a key whose lease has ended takes another request, which is then the one it stands for',
      skip: needsToWait,
      async run({ dedupe, shortMs, longMs, pass }) {
        await take(dedupe, 'key', shortMs, 'first')
        await pass(shortMs + 1)
        await take(dedupe, 'key', longMs, 'second')
        await refused(dedupe.begin('key', { leaseMs: longMs, fingerprint: 'first' }), 'ConditionNotMatch')
        expect((await dedupe.begin('key', { leaseMs: longMs, fingerprint: 'second' })).state).toBe(
          'in_flight',
        )
      },
    },
    {
      name: 'fingerprints differ by case and space, and may hold any text',
      async run({ dedupe, longMs }) {
        for (const [index, print] of [
          'sha-256:AbC',
          '{"a":"é😀"}',
          'owner=ann;x',
          'x'.repeat(200),
        ].entries()) {
          await take(dedupe, `key-${index}`, longMs, print)
          expect((await dedupe.begin(`key-${index}`, { leaseMs: longMs, fingerprint: print })).state).toBe(
            'in_flight',
          )
          for (const other of [print.toUpperCase() + '!', ` ${print}`, `${print} `]) {
            await refused(
              dedupe.begin(`key-${index}`, { leaseMs: longMs, fingerprint: other }),
              'ConditionNotMatch',
            )
          }
        }
      },
    },
    {
      name: 'a fingerprint that reads like an owner’s is one without an owner',
      async run({ dedupe, longMs }) {
        const request = { leaseMs: longMs, fingerprint: 'owner=ann;x', started: true }
        const begun = await dedupe.begin('key', request)
        if (begun.state !== 'fresh') return expect.fail('a new key must be fresh')
        await dedupe.abandon('key', begun.token)
        const found = await dedupe.begin('key', request)
        expect(found.state === 'unknown' && found.owner).toBeUndefined()
        await refused(
          dedupe.begin('key', { leaseMs: longMs, fingerprint: 'x', owner: 'ann' }),
          'ConditionNotMatch',
        )
      },
    },
    {
      name: 'an owner that is empty, long, or has other characters than letters, digits, - and _ is InvalidInput',
      async run({ dedupe, longMs }) {
        for (const owner of ['', 'a;b', 'é', 'x'.repeat(129)])
          await refused(dedupe.begin('key', { leaseMs: longMs, fingerprint, owner }), 'InvalidInput')
      },
    },
    {
      name: 'an empty fingerprint is InvalidInput',
      async run({ dedupe, longMs }) {
        await refused(dedupe.begin('key', { leaseMs: longMs, fingerprint: '' }), 'InvalidInput')
      },
    },
  ],
}
