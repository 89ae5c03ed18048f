/** A run as one of its nodes sees it: the same run with another signal, and with what holding a key adds. */
import type { CallScope } from '@flowport/capabilities'
import type { RunView } from './run-view.ts'

export interface ScopedRunOptions {
  readonly signal: AbortSignal
  /** Default: the run's own. */
  readonly fence?: number | undefined
  /** Called before each write of the node; throws to refuse it. Default: the run's own. */
  readonly beforeWrite?: (() => void) | undefined
}

export class ScopedRun implements RunView {
  readonly #run: RunView
  readonly signal: AbortSignal
  readonly scope: CallScope
  readonly fence: number | undefined

  constructor(run: RunView, { signal, fence = run.fence, beforeWrite }: ScopedRunOptions) {
    this.#run = run
    this.signal = signal
    this.fence = fence
    this.scope = { ...run.scope, signal, ...(beforeWrite === undefined ? {} : { beforeWrite }) }
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
