/** Dedupe cases: signals, error shape, and the view a node gets. */
import { expect } from 'vitest'
import type { DedupeStore } from '../../dedupe/contract.ts'
import { type ConformanceGroup, refused, viewOf } from '../conformance.ts'
import { type DedupeSubject, fingerprint, stateOf, take } from './subject.ts'

export const calls: ConformanceGroup<DedupeSubject> = {
  name: 'calls',
  cases: [
    {
      name: 'a call whose signal has fired is Cancelled and does nothing',
      async run(subject) {
        const { dedupe, longMs } = subject
        const signal = AbortSignal.abort(new Error('gone'))
        const token = await take(dedupe, 'held', longMs)
        await refused(dedupe.putIfAbsent('key', longMs, { signal }), 'Cancelled')
        await refused(dedupe.begin('key', { leaseMs: longMs, fingerprint, signal }), 'Cancelled')
        await refused(dedupe.complete('held', token, 1, longMs, { signal }), 'Cancelled')
        await refused(dedupe.release('held', token, { signal }), 'Cancelled')
        await refused(dedupe.renew('held', token, longMs, { signal }), 'Cancelled')
        await refused(dedupe.forget('held', { signal }), 'Cancelled')
        expect(await stateOf(subject, 'held')).toBe('in_flight')
        expect(await stateOf(subject, 'key')).toBe('fresh')
      },
    },
    {
      name: 'an error tells capability, operation and key, and its JSON holds no cause',
      async run({ dedupe, longMs }) {
        await take(dedupe, 'key', longMs)
        const error = await refused(
          dedupe.begin('key', { leaseMs: longMs, fingerprint: 'other' }),
          'ConditionNotMatch',
        )
        expect(error.capability).toMatch(/^dedupe(:|$)/)
        expect(error.operation).toBe('begin')
        expect(error.key).toBe('key')
        expect(Object.keys(error.toJSON())).not.toContain('cause')
      },
    },
    {
      name: 'calls of a run end with the signal of the run',
      skip: ({ dedupe }) =>
        viewOf(dedupe, 'write') === null ? 'the store is not made by createDedupeStore' : null,
      async run(subject) {
        const view = viewOf<DedupeStore>(subject.dedupe, 'write', AbortSignal.abort())
        if (view === null) return expect.fail('the view is missing')
        await refused(view.putIfAbsent('key', subject.longMs), 'Cancelled')
        await refused(view.begin('key', { leaseMs: subject.longMs, fingerprint }), 'Cancelled')
        expect(await stateOf(subject, 'key')).toBe('fresh')
      },
    },
  ],
}
