/** What a check of a probe is, and the words it reports in. */
import { isCapabilityError, isKind } from '../error.ts'
import type { Clock } from '../clock/contract.ts'
import type { Verdict } from '../linearizability/check.ts'
import type { Rng } from '../rng/contract.ts'
import type { ProbeFinding, ProbeSeverity } from './report.ts'

/** What every check is given beside its store. */
export interface ProbeTools {
  readonly clock: Clock
  readonly rng: Rng
  /** Fires when the caller leaves or time is up: hand it to every call. */
  readonly signal: AbortSignal
  /** Parallel writers of a race. */
  readonly racers: number
  /** How often a race, or a write followed by a read, is repeated. */
  readonly rounds: number
  /** Longest single wait in milliseconds. */
  readonly maxWaitMs: number
  /** Largest object or value written to try a limit, in bytes. */
  readonly maxBytes: number
  /** What every key of the probe begins with. */
  readonly prefix: string
  /** A key of the probe's own that no other check uses; it is removed when the probe ends. */
  key(name: string): string
}

/** One observation of a check. */
export interface Observation {
  readonly about: string
  readonly claimed: unknown
  readonly observed: string
  readonly severity: ProbeSeverity
  readonly evidence?: string
}

export interface ProbeCheck<S> {
  readonly name: string
  run(subject: S): Promise<readonly Observation[]>
}

/** The claim held. */
export function confirmed(about: string, claimed: unknown, observed: string, evidence = ''): Observation {
  return { about, claimed, observed, severity: 'confirmed', evidence }
}

/** The claim is false. */
export function falseClaim(about: string, claimed: unknown, observed: string, evidence = ''): Observation {
  return { about, claimed, observed, severity: 'error', evidence }
}

/** More than was claimed, or worth knowing. */
export function note(about: string, claimed: unknown, observed: string, evidence = ''): Observation {
  return { about, claimed, observed, severity: 'note', evidence }
}

/** Nothing to measure. */
export function skipped(about: string, claimed: unknown, observed: string): Observation {
  return { about, claimed, observed, severity: 'skipped' }
}

/** Nothing can be said, for the reason given. */
export function unmeasured(about: string, claimed: unknown, observed: string, evidence = ''): Observation {
  return { about, claimed, observed, severity: 'unmeasured', evidence }
}

/**
 * The verdict over a feature that was tried: `faults` are what went wrong. A claimed feature with faults is a false
 * claim, an unclaimed one without is a power nobody knew of.
 */
export function verdict(
  about: string,
  claimed: boolean,
  faults: readonly string[],
  tried: string,
): Observation {
  if (claimed) {
    return faults.length === 0
      ? confirmed(about, true, 'as claimed', tried)
      : falseClaim(about, true, faults[0] ?? '', faults.slice(1, 4).join('; '))
  }
  return faults.length === 0
    ? note(about, false, 'the store does it, though it does not claim to', tried)
    : confirmed(about, false, 'not claimed, and not so', faults[0] ?? '')
}

/** The verdict over a promise of the contract itself, which every store makes. */
export function promise(what: string, faults: readonly string[], tried: string): Observation {
  return faults.length === 0
    ? confirmed('contract', what, 'as promised', tried)
    : falseClaim('contract', what, faults[0] ?? '', faults.slice(1, 4).join('; '))
}

export function finding(check: string, { evidence = '', ...observation }: Observation): ProbeFinding {
  return { check, ...observation, evidence }
}

/** A few words about what was thrown: kind and reason of our own errors, and only the name of others. */
export function describeError(error: unknown): string {
  if (isCapabilityError(error)) return `${error.kind}: ${error.reason}`
  return error instanceof Error ? error.name : typeof error
}

/** Whether the error says nothing about a claim: the store did not serve, or refuses this caller altogether. */
export function isNoAnswer(error: unknown): boolean {
  if (!isCapabilityError(error)) return true
  return (
    error.retryable === 'temporary' ||
    isKind(
      error,
      'Unavailable',
      'Timeout',
      'RateLimited',
      'Cancelled',
      'Unauthenticated',
      'PermissionDenied',
    ) ||
    isKind(error, 'Misconfigured')
  )
}

/** Runs `attempt`; resolves a fault when it does other than throw one of `kinds`. Failures to answer are thrown on. */
export async function refusalFault(
  what: string,
  kinds: readonly Parameters<typeof isKind>[1][],
  attempt: () => Promise<unknown>,
): Promise<string | null> {
  try {
    await attempt()
  } catch (error) {
    if (isKind(error, ...kinds)) return null
    if (isNoAnswer(error)) throw error
    return `${what} was refused as ${describeError(error)}, not as ${kinds.join(' or ')}`
  }
  return `${what} was not refused`
}

/** Runs `attempt`; resolves a fault when it is refused. Failures to answer are thrown on. */
export async function attemptFault(what: string, attempt: () => Promise<unknown>): Promise<string | null> {
  try {
    await attempt()
    return null
  } catch (error) {
    if (isNoAnswer(error)) throw error
    return `${what} was refused as ${describeError(error)}`
  }
}

/** The text in the words of evidence: short, and with everything that does not print escaped. */
export function quoted(text: string | null): string {
  if (text === null) return 'nothing'
  return JSON.stringify(text.length <= 60 ? text : `${text.slice(0, 57)}...`)
}

/** What a recorded history says about a claim. A history that could not be decided measures nothing. */
export function historyObservation<I, O>(
  about: string,
  claimed: unknown,
  verdict: Verdict<I, O>,
  tried: string,
): Observation {
  switch (verdict.verdict) {
    case 'linearizable':
      return confirmed(about, claimed, 'one order of all calls explains every answer', tried)
    case 'undecided':
      return unmeasured(about, claimed, 'the history is too concurrent to decide', verdict.text)
    case 'violation':
      return falseClaim(about, claimed, 'no order of the calls explains their answers', verdict.text)
  }
}
