/** The options of `certify` and their defaults. */
import { type Awaitable, countRule, numberFault, type NumberRule, timerRule } from '@flowport/capabilities'

/** The faults that `certify` can try. */
export const faults = ['repeat', 'storm', 'kill', 'stop', 'expiry', 'forget', 'determinism'] as const
export type Fault = (typeof faults)[number]

export function isFault(name: string): name is Fault {
  return faults.some((each) => each === name)
}

/** Number of effects made for one key: a single number if one node has effects, else a number for each node by alias. */
export type EffectCount = number | Readonly<Record<string, number>>

export interface CertifyOptions<I> {
  /** Path or file URL of the module whose default export is the app. Every process imports it. */
  readonly app: string | URL
  /** Name of the profile. Default: `FLOWPORT_PROFILE`, else `local`. */
  readonly profile?: string | undefined
  /** Environment variables of the processes. Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Returns a payload whose effects `count` can distinguish from the effects of other keys. */
  input(key: string): I
  /**
   * Counts the effects made for this key's payload. Count them at the sink, never in the flow. Default: effects are not
   * counted, and the verdict is `not observed`.
   */
  count?(key: string): Awaitable<EffectCount>
  /** Number of attempts per fault, each with a new key: 1 to 1 000. Default 1. */
  readonly attempts?: number
  /** Concurrent calls of one key in a storm: 2 to 1 024. Default 64. */
  readonly concurrency?: number
  /** Faults to try. Default: all. */
  readonly faults?: readonly Fault[]
  /**
   * Maximum number of points in a run at which its process is killed or stopped, spread over the run: 1 to 1 000. Default 32.
   */
  readonly maxPoints?: number
  /** Lease of keys in milliseconds, instead of the declared one. Default: the declared lease. */
  readonly leaseMs?: number
  /** Milliseconds after which the certification fails and kills its processes. Default 300 000. */
  readonly timeLimitMs?: number
  /** Cancels the certification and kills its processes. */
  readonly signal?: AbortSignal | undefined
  /** Called after each fault. */
  onFault?(fault: Fault): void
}

export interface Settings {
  readonly attempts: number
  readonly concurrency: number
  readonly faults: readonly Fault[]
  readonly maxPoints: number
  readonly leaseMs: number | null
  readonly timeLimitMs: number
}

/** Applies the defaults. @throws TypeError for a value outside its limits. */
export function settingsOf(options: Omit<CertifyOptions<never>, 'input' | 'count'>): Settings {
  const { attempts = 1, concurrency = 64, maxPoints = 32, leaseMs = null, timeLimitMs = 300_000 } = options
  check('attempts', attempts, countRule(1, 1_000))
  check('concurrency', concurrency, countRule(2, 1_024))
  check('maxPoints', maxPoints, countRule(1, 1_000))
  check('timeLimitMs', timeLimitMs, timerRule(1))
  if (options.leaseMs !== undefined) check('leaseMs', options.leaseMs, timerRule(1))
  const wanted = options.faults ?? faults
  const other = wanted.find((name) => !isFault(name))
  if (other !== undefined)
    throw new TypeError(`there is no fault "${String(other)}"; the faults are: ${faults.join(', ')}`)
  if (wanted.length === 0) throw new TypeError(`faults is empty; name some of: ${faults.join(', ')}`)
  return {
    attempts,
    concurrency,
    faults: faults.filter((name) => wanted.includes(name)),
    maxPoints,
    leaseMs,
    timeLimitMs,
  }
}

function check(name: string, value: number, rule: NumberRule): void {
  const fault = numberFault(value, rule)
  if (fault !== null) throw new TypeError(`${name} ${fault}`)
}
