/** The conformance suite of dedupe stores: every promise of the contract, and every claim of `info`, as a case. */
import type { DedupeStore } from '../dedupe/contract.ts'
import type { Awaitable } from '../kv/driver.ts'
import { controlOf } from '../resource/resource.ts'
import {
  type ConformanceGroup,
  type HarnessOptions,
  type OpenContext,
  openSubject,
  register,
} from './conformance.ts'
import { applied } from './dedupe/applied.ts'
import { calls } from './dedupe/calls.ts'
import { fingerprints } from './dedupe/fingerprints.ts'
import { guarantees } from './dedupe/guarantees.ts'
import { keys } from './dedupe/keys.ts'
import { leases } from './dedupe/leases.ts'
import { ledger } from './dedupe/ledger.ts'
import { reservations } from './dedupe/reservations.ts'
import { results } from './dedupe/results.ts'
import { settling } from './dedupe/settling.ts'
import type { DedupeSubject, TransactionStores } from './dedupe/subject.ts'
import { transactions } from './dedupe/transactions.ts'
import { unknown } from './dedupe/unknown.ts'
import type { ManualClock } from './manual-clock.ts'

export interface OpenedDedupe {
  readonly dedupe: DedupeStore
  /** Empty stores that state the same `info.transaction`. Default: the cases about transactions are skipped. */
  readonly beside?: TransactionStores
  /** Called after the case. Default: closes `dedupe`. */
  readonly close?: () => Awaitable<void>
  /** Closes the store and opens it again with what it kept. Proves `durability: 'durable'`. */
  readonly reopen?: () => Awaitable<DedupeStore>
}

export interface DedupeHarness extends HarnessOptions {
  /** Opens an empty store; called once for each case. */
  readonly open: (context: OpenContext) => Awaitable<OpenedDedupe>
}

/** Every case, by theme. */
export const dedupeCases: readonly ConformanceGroup<DedupeSubject>[] = [
  reservations,
  keys,
  ledger,
  leases,
  unknown,
  settling,
  fingerprints,
  results,
  calls,
  transactions,
  applied,
  guarantees,
]

/** Runs the suite on the stores the harness opens. */
export function dedupeConformance(name: string, harness: DedupeHarness): void {
  register(name, dedupeCases, harness, (clock) => openDedupeSubject(harness, clock))
}

/** A store as the cases take it. */
export async function openDedupeSubject(
  harness: DedupeHarness,
  clock: ManualClock,
): Promise<{ subject: DedupeSubject; close: () => Promise<void> }> {
  const opened = await harness.open({ clock })
  let { dedupe } = opened
  const { info } = dedupe
  const { reopen } = opened
  const { expirySlackMs = 0 } = info.limits
  const { pass, ...base } = openSubject(harness, clock, info.consistency)
  const subject: DedupeSubject = {
    ...base,
    // What has ended is gone for certain only when the slack is over too; cases that ask for the moment need a slack of 0.
    pass: (ms) => pass(base.clock === null ? ms + expirySlackMs : ms),
    dedupe,
    info,
    beside: opened.beside ?? null,
    shortMs: Math.max(info.limits.minTtlMs, harness.clock === 'manual' ? 10_000 : 500),
    longMs: Math.max(info.limits.minTtlMs, 3_600_000),
    reopen:
      reopen === undefined
        ? null
        : async () => {
            dedupe = await reopen()
            return dedupe
          },
  }
  return {
    subject,
    close: async () => {
      await (opened.close === undefined ? controlOf('dedupe', dedupe).close() : opened.close())
    },
  }
}
