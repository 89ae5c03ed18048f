/** A run as one of its nodes sees it: the same run with another signal, and, where it holds a key, with its writes guarded. */
import type { CallScope } from '@flowport/capabilities'
import type { RunView } from './run-view.ts'

export interface ScopedRunOptions {
  /** Called when the node first asks for its signal: many never do. */
  readonly signal: () => AbortSignal
  /** Stands around each write of the node. Default: the run's own. */
  readonly aroundWrite?: CallScope['aroundWrite']
  /** Makes the drivers of the node's key-value stores and queues. Default: their own. */
  readonly transaction?: CallScope['transaction']
  /** Whether the step tries again by itself what fails. Default: what the run says. */
  readonly isRetried?: true
}

export class ScopedRun implements RunView {
  readonly #run: RunView
  readonly #options: ScopedRunOptions
  #signal: AbortSignal | undefined
  #scope: CallScope | undefined

  constructor(run: RunView, options: ScopedRunOptions) {
    this.#run = run
    this.#options = options
  }

  get signal(): AbortSignal {
    this.#signal ??= this.#options.signal()
    return this.#signal
  }
  get scope(): CallScope {
    this.#scope ??= this.#makeScope()
    return this.#scope
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

  #makeScope(): CallScope {
    const { aroundWrite, transaction, isRetried } = this.#options
    return {
      ...this.#run.scope,
      signal: this.signal,
      ...(aroundWrite && { aroundWrite }),
      ...(transaction && { transaction }),
      ...(isRetried && { isRetried }),
    }
  }
}
