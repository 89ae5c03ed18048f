/** What a node sees of its run and of its idempotency key, and the functions that run a node. */
import type { Awaitable, CallScope, Clock, Logger, Rng } from '@flowport/capabilities'
import type { Metadata } from '../node-context.ts'

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
  /** Signal and deadline, as calls made for this run carry them. */
  readonly scope: CallScope
  /** Counts the run as running until the work has ended, though its answer does not wait for it. */
  whenWorkEnds(work: Promise<void>): void
}

/** A run that no hook has refused, before its input is read. */
export interface AdmittedRun extends RunView {
  /**
   * Counts the run as running until the returned function is called, though neither its nodes nor its answer wait for it:
   * for what must be done with the answer before the stores are closed.
   */
  holdOpen(): () => void
}

/** Runs a node's handler on a checked input for one run. */
export type Execute = (input: unknown, run: RunView) => unknown

/** The idempotency key of a node, as one attempt of its handler sees it. */
export interface HeldKey {
  readonly key: string
  /** Grows with every holder of the key. */
  readonly fence: number
  /** Makes an effect under the key. Throws before it when the lease is over or its begin cannot be recorded. */
  readonly effect: <T>(make: () => Awaitable<T>) => Promise<T>
}

/** Runs a node's handler under its idempotency key; `undefined` for a node without a key. */
export type KeyedExecute = (input: unknown, run: RunView, held: HeldKey | undefined) => unknown

/** Decides whether a failed attempt of a node with a key may be followed by another. */
export interface RetryGuard {
  mayRetry(): boolean
}

/** One or more attempts of a node; `guard` is `undefined` for a node without a key. */
export type Attempts = (input: unknown, run: RunView, guard: RetryGuard | undefined) => unknown
