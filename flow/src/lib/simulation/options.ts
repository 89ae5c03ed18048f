/** The options of `simulate`, typed by the flow under simulation. */
import type { Awaitable, ResourceFor, ResourceName } from '@flowport/capabilities'
import type { AnyFlow } from '../flow.ts'
import type { FaultClass } from './faults.ts'
import type { SimulatedInput } from './http-call.ts'
import type { Violation } from './oracles.ts'
import type { ClassReport } from './report.ts'
import type { Service } from './stores.ts'

/** The stores a flow uses, as `count` sees them: at once, with no network between. */
export type StoresOf<N> = { readonly [K in keyof N & ResourceName]: ResourceFor<K> }

export interface SimulateOptions<I, N> {
  /** What every client sends: a value, or a function of the seed. */
  readonly input: SimulatedInput<I> | ((seed: number) => SimulatedInput<I>)
  /**
   * Counts the effects that were made for the input, in the flow's stores or at a sink. It is asked when a schedule is over.
   * More than one is a duplicate.
   */
  readonly count: (stores: StoresOf<N>, input: SimulatedInput<I>) => Awaitable<number>
  /** Schedules per fault class. Default 100. */
  readonly seeds?: number
  /** The first seed; the others follow. Default 1. */
  readonly firstSeed?: number
  /** Fault classes to run. Default all. */
  readonly faults?: readonly FaultClass[]
  /** Takes the place of what the keyed nodes of the flow declare, to compare policies. Default: what they declare. */
  readonly unknown?: 'never' | 'again'
  /** Violations that are counted and do not throw. Default none. */
  readonly allow?: readonly Violation[]
  /** Processes over the same stores. Default 3. */
  readonly processes?: number
  /** Clients that send the input, each up to five times. Default 3. */
  readonly clients?: number
  /**
   * Principals of the clients, in turn, as a hook would establish them; each must be a non-empty text. Use it for flows that keep the
   * answers of callers apart: no client may get the answer of another principal. The last call has no principal. Default none.
   */
  readonly principals?: readonly string[]
  /** Makes the services that nodes reach with `http`, by origin, anew for each schedule. Default none. */
  readonly services?: () => Readonly<Record<string, Service>>
  /** Secrets that nodes read. Default none. */
  readonly secrets?: Readonly<Record<string, string>>
  /**
   * When to look for timers and I/O past the simulated clock and stores, which would make schedules unrepeatable. `'first'`: in
   * the first schedules of each class, at no cost for the others. `'always'`, or `'never'`. Only Node can look. Default
   * `'first'`.
   */
  readonly strays?: 'first' | 'always' | 'never'
  /** Most schedules to run while a failing one is shrunk; 0 leaves it as it is. Default 400. */
  readonly shrinkRuns?: number
  /** Called when all schedules of a class are over. */
  readonly onClass?: (name: FaultClass, report: ClassReport) => void
  /** Repeats one schedule: the text that a `SimulationError` shows. */
  readonly replay?: string
}

/** The options as the implementation sees them: the overloads have checked their types. */
export interface AnySimulateOptions extends Omit<SimulateOptions<never, never>, 'input' | 'count'> {
  readonly flow?: AnyFlow
  readonly input: unknown
  readonly count: (stores: never, input: never) => Awaitable<number>
}
