/** `probeDedupe`: what a live dedupe store does, beside what its `info` claims. The checks are in `dedupe/`. */
import type { DedupeStore } from '../dedupe/contract.ts'
import { createDedupeStore } from '../dedupe/dedupe-store.ts'
import type { DedupeDriver } from '../dedupe/driver.ts'
import type { ProbeCheck } from './check.ts'
import { history } from './dedupe/history.ts'
import { reservation } from './dedupe/reservation.ts'
import type { DedupeProbeSubject } from './dedupe/subject.ts'
import type { ProbeOptions } from './options.ts'
import type { ProbeReport } from './report.ts'
import { runProbe } from './run.ts'

export type ProbeDedupeOptions = ProbeOptions

/** The checks, in the order they run; their names are what `only` takes. */
export const dedupeProbeChecks: readonly ProbeCheck<DedupeProbeSubject>[] = [reservation, history]

/** Outlasts every check with its default options. */
const longMs = 600_000

/**
 * Races callers for keys of a live dedupe store and checks a history of concurrent holders, and compares with its `info`.
 *
 * It writes some twenty small records, all under a random prefix, and forgets them again, also when it fails or is aborted.
 * Rejects with `Cancelled` when the caller's signal fires; everything else that goes wrong is a finding.
 */
export async function probeDedupe(
  target: DedupeStore | DedupeDriver,
  options: ProbeDedupeOptions = {},
): Promise<ProbeReport> {
  const dedupe = isStore(target) ? target : createDedupeStore(target)
  const { info } = target
  return runProbe(
    {
      domain: 'dedupe',
      provider: info.provider,
      checks: dedupeProbeChecks,
      subject: (tools) => ({ ...tools, dedupe, info, longMs: Math.max(longMs, info.limits.minTtlMs) }),
      // A ledger cannot list its keys: those the probe wrote are known.
      list: () => Promise.resolve(null),
      remove: (key, signal) => dedupe.forget(key, { signal }),
    },
    options,
  )
}

function isStore(target: DedupeStore | DedupeDriver): target is DedupeStore {
  return 'putIfAbsent' in target
}
