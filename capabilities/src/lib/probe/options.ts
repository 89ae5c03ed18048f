/** What a probe can be told, and the checking of it. */
import type { Clock } from '../clock/contract.ts'
import { CapabilityError } from '../error.ts'
import type { CallOptions } from '../kv/contract.ts'
import { countOrInfinityRule, numberFault, timerRule } from '../numbers.ts'
import type { Rng } from '../rng/contract.ts'
import type { ProbeCheck, ProbeTools } from './check.ts'
import type { ProbedDomain } from './report.ts'

export interface ProbeOptions extends CallOptions {
  /** Where the probe puts the random prefix of its own, `flowport-probe-…/`; ends in `/`. Default the root. */
  readonly prefix?: string
  /** Names of the checks to run. Default all. */
  readonly only?: readonly string[]
  /** Throw as `assertTruthful` does instead of resolving a report with a false claim. Default false. */
  readonly throwOnFalseClaim?: boolean
  /** Parallel writers of a race, 2 to 256. Default 16. */
  readonly racers?: number
  /** How often a race, or a write followed by a read, is repeated, 1 to 1000. Default 5. */
  readonly rounds?: number
  /** Milliseconds for all checks; what does not fit is `unmeasured`. Default 120 000. */
  readonly timeoutMs?: number
  /** Milliseconds for cleaning up, which comes after. Default 30 000. */
  readonly cleanUpMs?: number
  /** Longest single wait in milliseconds, such as for an entry to expire; what needs more is skipped. Default 5 000. */
  readonly maxWaitMs?: number
  /** Largest object or value to try a limit with, in bytes; larger limits are skipped. Default 1 MiB. */
  readonly maxBytes?: number
  /** Default the system clock. */
  readonly clock?: Clock
  /** Default the system's randomness. */
  readonly rng?: Rng
}

/** The options with their defaults, and the checks they ask for; `InvalidInput` when they make no sense. */
export function checkedSettings<S>(
  domain: ProbedDomain,
  checks: readonly ProbeCheck<S>[],
  options: ProbeOptions,
): {
  readonly checks: readonly ProbeCheck<S>[]
  readonly tools: Pick<ProbeTools, 'racers' | 'rounds' | 'maxWaitMs' | 'maxBytes'>
} {
  const { only, prefix, racers = 16, rounds = 5, maxWaitMs = 5_000, maxBytes = 1024 * 1024 } = options
  const refuse = (reason: string) =>
    new CapabilityError('InvalidInput', reason, { capability: domain, operation: 'probe' })
  if (prefix !== undefined && !/^[^/\\\0]+(?:\/[^/\\\0]+)*\/$/.test(prefix))
    throw refuse('prefix must be segments that end in "/", such as "probe/"')
  if (!isWithin(racers, 2, 256)) throw refuse('racers must be a whole number from 2 to 256')
  if (!isWithin(rounds, 1, 1000)) throw refuse('rounds must be a whole number from 1 to 1000')
  const { timeoutMs = 0, cleanUpMs = 0 } = options
  for (const [name, value, rule] of [
    ['maxWaitMs', maxWaitMs, timerRule()],
    ['maxBytes', maxBytes, countOrInfinityRule(0)],
    ['timeoutMs', timeoutMs, timerRule()],
    ['cleanUpMs', cleanUpMs, timerRule()],
  ] as const) {
    const fault = numberFault(value, rule)
    if (fault !== null) throw refuse(`${name} ${fault}`)
  }
  const names = checks.map(({ name }) => name)
  const unknown = only?.find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw refuse(`there is no check ${JSON.stringify(unknown)}; there are ${names.join(', ')}`)
  return {
    checks: only === undefined ? checks : checks.filter(({ name }) => only.includes(name)),
    tools: { racers, rounds, maxWaitMs, maxBytes },
  }
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max
}
