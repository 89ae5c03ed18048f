/** What surrounds a run: what its runtime lends it, what its caller asks, what its nodes may read of it. */
import type { CallScope, Clock, Logger } from '@flowport/capabilities'
import type { Metadata } from '../node.ts'
import type { Deadlines } from './deadlines.ts'
import type { Run } from './run.ts'

/** What a runtime lends all its runs. */
export interface RunHost {
  readonly log: Logger
  readonly maxConcurrency: number
  readonly clock: Clock
  /** A number in [0, 1), for jitter. */
  readonly random: () => number
  readonly deadlines: Deadlines
  /** Told when everything of a run has ended. */
  finished(run: Run, error: Error | undefined): void
}

/** What is particular to one run. */
export interface RunRequest {
  /** Milliseconds from now until an answer is of no use. Default never. */
  readonly deadlineMs?: number | undefined
  /** Default: the runtime's. */
  readonly log?: Logger | undefined
  /** Take node timings. Default false. */
  readonly timings?: boolean | undefined
  /** Called at most once, and only when somebody looks. */
  readonly metadata?: (() => Metadata) | undefined
  /** Called once the input is read, when the run has not ended by then. Most runs have. */
  readonly whenPending?: ((run: Run) => void) | undefined
  /** A request header by its lower-case name. */
  readonly header?: ((name: string) => string | undefined) | undefined
}

/** How long a node took, for `Server-Timing` and logs. */
export interface Timing {
  readonly node: string
  readonly ms: number
}

/** What a node's context reads of its run. */
export interface RunView {
  readonly id: string
  readonly log: Logger
  readonly clock: Clock
  readonly random: () => number
  readonly deadline: number | undefined
  readonly metadata: Metadata
  readonly signal: AbortSignal
  readonly scope: CallScope
  /** Keeps the run among the running ones until the work has ended, though its answer does not wait for it. */
  whenWorkEnds(work: Promise<void>): void
}
