/** The lease, time to live, fingerprint and result that all pieces of the part `idempotency` share. */
import type { DedupeStore } from '@flowport/capabilities'
import type { Candidate, Measured } from '../harness.ts'
import { named } from '../harness.ts'
import { digits } from '../numbers.ts'
import type { Aim } from '../report.ts'

export const leaseMs = 30_000
export const ttlMs = 86_400_000
export const fingerprint = 'sha-256:0123456789abcdef'
export const result = { order: 1, state: 'accepted' }

/** Begins and completes a new key, `times` times. Returns whether every key was new and completed. */
export function ledgerSteps(name: string, dedupe: DedupeStore): Candidate<boolean> {
  let at = 0
  return {
    name,
    async run(times) {
      let kept = 0
      for (let i = 0; i < times; i++) {
        const key = `orders/${at++}`
        const begun = await dedupe.begin(key, { leaseMs, fingerprint, started: true })
        if (begun.state === 'fresh' && (await dedupe.complete(key, begun.token, result, ttlMs))) kept++
      }
      return kept === times
    },
  }
}

/** Returns the aim that a candidate reaches at least this share of the reference's throughput. */
export function shareAim(title: string, measured: readonly Measured[], name: string, least: number): Aim {
  const share = 1 / named(measured, name).ratio
  return { aim: `${title}: at least ${least}`, measured: digits(share), holds: share >= least }
}
