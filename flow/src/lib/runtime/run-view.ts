/** What a node sees of its run, and the functions that run a node. */
import type { CallScope, Clock, Logger } from '@flowport/capabilities'
import type { Metadata } from '../node.ts'

export interface RunView {
  readonly id: string
  readonly log: Logger
  readonly clock: Clock
  /** A number in [0, 1), for jitter. */
  readonly random: () => number
  /** Milliseconds since the epoch; `undefined` for never. */
  readonly deadline: number | undefined
  readonly metadata: Metadata
  readonly signal: AbortSignal
  /** Signal and deadline, as calls made for this run carry them. */
  readonly scope: CallScope
  /** Counts the run as running until the work has ended, though its answer does not wait for it. */
  whenWorkEnds(work: Promise<void>): void
}

/** Runs a node's handler on a checked input for one run. */
export type Execute = (input: unknown, run: RunView) => unknown

/** The same for one idempotency key; `undefined` for a node without keys. */
export type KeyedExecute = (input: unknown, run: RunView, key: string | undefined) => unknown
