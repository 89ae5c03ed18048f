/** A run as one of its nodes sees it: the same run with another signal, and, where it holds a key, with its writes guarded. */
import type { CallScope } from '@flowport/capabilities'
import type { RunView } from './run-view.ts'

export interface ScopedRunOptions {
  readonly signal: AbortSignal
  /** Stands around each write of the node. Default: the run's own. */
  readonly aroundWrite?: CallScope['aroundWrite']
}

export class ScopedRun implements RunView {
  readonly #run: RunView
  readonly signal: AbortSignal
  readonly scope: CallScope

  constructor(run: RunView, { signal, aroundWrite }: ScopedRunOptions) {
    this.#run = run
    this.signal = signal
    this.scope = { ...run.scope, signal, ...(aroundWrite === undefined ? {} : { aroundWrite }) }
  }

  get id() {
    return this.#run.id
  }
  get log() {
    return this.#run.log
  }
  get clock() {
    return this.#run.clock
  }
  get rng() {
    return this.#run.rng
  }
  get digest() {
    return this.#run.digest
  }
  get deadline() {
    return this.#run.deadline
  }
  get metadata() {
    return this.#run.metadata
  }

  whenWorkEnds(work: Promise<void>): void {
    this.#run.whenWorkEnds(work)
  }
}
