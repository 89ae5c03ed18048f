/** What surrounds a run: what its runtime lends it, what its caller asks, how the runtime and the hosts hold it. */
import type { Clock, Linked, Logger } from '@flowport/capabilities'
import type { AnyFlow } from '../flow.ts'
import type { Metadata } from '../node.ts'
import type { Deadlines, Watched } from './deadlines.ts'
import type { Digest, RunRng, RunView } from './run-view.ts'

/** What a runtime lends all its runs. */
export interface RunHost {
  readonly log: Logger
  readonly maxConcurrency: number
  readonly clock: Clock
  readonly rng: RunRng
  readonly digest: Digest
  readonly deadlines: Deadlines
  /** Called when everything of a run has ended. */
  finished(run: HeldRun, error: Error | undefined): void
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
  readonly whenPending?: ((run: HeldRun) => void) | undefined
  /** Default `'manual'`. */
  readonly trigger?: RunTrigger | undefined
  /** Of a run that was started over HTTP. */
  readonly caller?: RunCaller | undefined
}

/** How a run was started; `'manual'` for `invoke`, the command and a page. */
export type RunTrigger = 'http' | 'queue' | 'cron' | 'manual'

/** The request that started a run, as hooks may see it. */
export interface RunCaller {
  /** A header by its lower-case name. */
  header(name: string): string | undefined
  /** The host's own object for it. */
  readonly native?: unknown
}

/** How long a node took, for `Server-Timing` and logs. */
export interface Timing {
  readonly node: string
  readonly ms: number
}

/** Hears how a run ends. Neither function may throw. */
export interface AnswerListener {
  answered(answer: unknown): void
  failed(error: Error): void
}

/** A run as its runtime and the hosts hold it. */
export interface HeldRun extends RunView, Watched, Linked<HeldRun> {
  readonly flow: AnyFlow
  readonly request: RunRequest
  /** When it started, on the runtime's monotonic clock; 0 without hooks. */
  readonly startedAt: number
  /** By node, in the order they ended. */
  readonly timings: readonly Timing[]
  /** Ends the run at once: the answer rejects, signals fire, what still works drains in the background. */
  cancel(reason?: unknown): void
  /** Calls `listener` when everything of this run has ended, its answer's stream included. */
  whenFinished(listener: () => void): void
}
