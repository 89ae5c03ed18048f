/** What a node sees of its run, and the functions that run a node. */
import type { CallScope, Clock, Logger, Rng } from '@flowport/capabilities'
import type { Metadata } from '../node.ts'

/** Randomness of a run: jitter and ids. */
export type RunRng = Pick<Rng, 'float' | 'uuid'>

/** SHA-256. It is handed in because the platform's ends on a thread, which no clock controls. */
export type Digest = (bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>

export interface RunView {
  readonly id: string
  readonly log: Logger
  readonly clock: Clock
  readonly rng: RunRng
  readonly digest: Digest
  /** Milliseconds since the epoch; `undefined` for never. */
  readonly deadline: number | undefined
  readonly metadata: Metadata
  readonly signal: AbortSignal
  /** Grows with every holder of the node's idempotency key; `undefined` for a node without keys. */
  readonly fence: number | undefined
  /** Signal and deadline, as calls made for this run carry them. */
  readonly scope: CallScope
  /** Counts the run as running until the work has ended, though its answer does not wait for it. */
  whenWorkEnds(work: Promise<void>): void
}

/** Runs a node's handler on a checked input for one run. */
export type Execute = (input: unknown, run: RunView) => unknown

/** The same for one idempotency key; `undefined` for a node without keys. */
export type KeyedExecute = (input: unknown, run: RunView, key: string | undefined) => unknown
