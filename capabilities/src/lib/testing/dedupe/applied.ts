/** Dedupe cases: what errors say of the ledger's steps, by `applied`. */
import { expect } from 'vitest'
import { lostAnswer, needsLostAnswers, refusedUnapplied } from '../applied.ts'
import type { ConformanceGroup } from '../conformance.ts'
import { type DedupeSubject, fingerprint, stateOf, take } from './subject.ts'

export const applied: ConformanceGroup<DedupeSubject> = {
  name: 'applied',
  cases: [
    {
      name: 'a step that is refused says that it was not applied',
      async run(subject) {
        const { dedupe, longMs } = subject
        const signal = AbortSignal.abort()
        const token = await take(dedupe, 'held', longMs)
        await refusedUnapplied(dedupe.putIfAbsent('key', Number.NaN), 'InvalidInput')
        await refusedUnapplied(dedupe.putIfAbsent('key', longMs, { signal }), 'Cancelled')
        await refusedUnapplied(dedupe.begin('key', { leaseMs: longMs, fingerprint: '' }), 'InvalidInput')
        await refusedUnapplied(dedupe.begin('key', { leaseMs: longMs, fingerprint, signal }), 'Cancelled')
        await refusedUnapplied(
          dedupe.begin('held', { leaseMs: longMs, fingerprint: 'other' }),
          'ConditionNotMatch',
        )
        await refusedUnapplied(dedupe.complete('held', token, 1n, longMs), 'InvalidInput')
        await refusedUnapplied(dedupe.complete('held', token, 1, longMs, { signal }), 'Cancelled')
        expect(await stateOf(subject, 'held')).toBe('in_flight')
        expect(await stateOf(subject, 'key')).toBe('fresh')
      },
    },
    {
      name: 'a step whose answer is lost does not say that it was not applied',
      skip: needsLostAnswers,
      async run(subject) {
        const { dedupe, longMs } = subject
        await lostAnswer(
          subject,
          () => dedupe.putIfAbsent('reserved', longMs),
          async () => (await stateOf(subject, 'reserved')) !== 'fresh',
        )
        const token = await take(dedupe, 'done', longMs)
        await lostAnswer(
          subject,
          () => dedupe.complete('done', token, 'result', longMs),
          async () => (await stateOf(subject, 'done')) === 'done',
        )
        await lostAnswer(
          subject,
          () => dedupe.begin('begun', { leaseMs: longMs, fingerprint }),
          async () => (await stateOf(subject, 'begun')) !== 'fresh',
        )
      },
    },
  ],
}
