/** The options of `certify`, and the values they have when they are left out. */
import { type Awaitable, countRule, numberFault, type NumberRule, timerRule } from '@flowport/capabilities'

/** What is done to the flow. */
export const faults = ['repeat', 'storm', 'kill', 'stop', 'expiry', 'forget', 'determinism'] as const
export type Fault = (typeof faults)[number]

export function isFault(name: string): name is Fault {
  return faults.some((each) => each === name)
}

/** Effects that were made for one key: a number for the only node with effects, or a number for each node by alias. */
export type EffectCount = number | Readonly<Record<string, number>>

export interface CertifyOptions<I> {
  /** Path or file URL of the module whose default export is the app. Every process imports it. */
  readonly app: string | URL
  /** Default: `FLOWPORT_PROFILE`, else `local`. */
  readonly profile?: string | undefined
  /** The variables of the processes. Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Makes a payload whose effects `count` can tell from those of every other key. */
  input(key: string): I
  /**
   * Counts the effects that were made for the payload of this key, where they are made: at the sink, never in the flow.
   * Default: nothing counts, and the verdict is `not observed`.
   */
  count?(key: string): Awaitable<EffectCount>
  /** How often each fault is tried, with a key of its own each time: 1 to 1 000. Default 1. */
  readonly attempts?: number
  /** Concurrent calls of one key in a storm: 2 to 1 024. Default 64. */
  readonly concurrency?: number
  /** Default: all. */
  readonly faults?: readonly Fault[]
  /** Most points of a run at which its process is killed or stopped, spread over the run: 1 to 1 000. Default 32. */
  readonly maxPoints?: number
  /** Milliseconds that leases have in place of what the nodes declare. Default: what they declare. */
  readonly leaseMs?: number
  /** Milliseconds until the certification fails and ends its processes. Default 300 000. */
  readonly timeLimitMs?: number
  /** Ends the certification and its processes. */
  readonly signal?: AbortSignal | undefined
  /** Called when a fault has been tried. */
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

/** @throws TypeError for a value out of bounds. */
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
    throw new TypeError(`there is no fault "${String(other)}"; there are: ${faults.join(', ')}`)
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
