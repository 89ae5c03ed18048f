/** What a probe found: each finding sets a claim beside what was seen. `assertTruthful` makes an error of false claims. */
import { CapabilityError } from '../error.ts'

/**
 * `error`: the store claims, or its contract promises, what it does not do. `note`: it does more than it claims, or
 * something worth knowing. `confirmed`: the claim held in everything tried. `unmeasured`: the store failed, or time ran
 * out, before anything could be said. `skipped`: there is nothing to measure, or the probe was not given what it needs.
 */
export type ProbeSeverity = 'error' | 'note' | 'confirmed' | 'unmeasured' | 'skipped'

export interface ProbeFinding {
  /** Name of the check, such as `'create-only race'`. */
  readonly check: string
  /** Where the claim is made: a path into `info` such as `'features.createOnly'`, or `'contract'`. */
  readonly about: string
  readonly claimed: unknown
  /** What the store did, in a few words. */
  readonly observed: string
  readonly severity: ProbeSeverity
  /** The numbers and answers behind it. Never a secret. */
  readonly evidence: string
}

/** What can be probed. */
export type ProbedDomain = 'blob' | 'kv' | 'dedupe'

export interface ProbeReport {
  /** Every check ran to its end and none found a false claim. */
  readonly ok: boolean
  readonly domain: ProbedDomain
  readonly provider: string
  /** All the probe wrote was under this. */
  readonly prefix: string
  readonly findings: readonly ProbeFinding[]
  /** Keys the probe wrote and could not remove. Normally empty. */
  readonly leftovers: readonly string[]
  readonly durationMs: number
}

/** The findings that are false claims. */
export function falseClaims({ findings }: ProbeReport): readonly ProbeFinding[] {
  return findings.filter(({ severity }) => severity === 'error')
}

/**
 * Throws `Misconfigured` when the report holds a false claim, and `Unavailable` when something could not be measured; a
 * report with neither passes. The report is in `details.findings`.
 */
export function assertTruthful(report: ProbeReport): void {
  const wrong = falseClaims(report)
  if (wrong.length > 0) {
    throw new CapabilityError(
      'Misconfigured',
      `${report.provider} does not do what it claims: ${wrong.map(told).join('; ')}. Correct its info, or use another store`,
      { capability: report.domain, operation: 'probe', details: { findings: wrong } },
    )
  }
  const open = report.findings.filter(({ severity }) => severity === 'unmeasured')
  if (open.length === 0) return
  throw new CapabilityError(
    'Unavailable',
    `${report.provider} could not be measured in full: ${open.map(told).join('; ')}. Probe it again`,
    { capability: report.domain, operation: 'probe', details: { findings: open } },
  )
}

function told({ check, about, observed, evidence }: ProbeFinding): string {
  return `${check} (${about}): ${observed}${evidence === '' ? '' : `, ${evidence}`}`
}
