/** Records calls to a store, with their intervals and answers, as `checkLinearizable` reads them. */
import type { Clock } from '../clock/contract.ts'
import { appliedOf } from '../applied.ts'
import type { Operation } from './model.ts'

export interface RecordedCall<I, O> {
  readonly client: number
  readonly key: string
  readonly input: I
  /** Makes the call and gives its answer. */
  readonly run: () => Promise<O>
  /** The answer an error stands for, such as a refused condition; `null` for an error that is no answer. */
  readonly answerOf?: (error: unknown) => O | null
}

/**
 * Records in the order in which calls are made and answers arrive. An error that says `applied: 'no'` leaves no trace;
 * any other that is no answer counts as a lost answer.
 */
export class HistoryRecorder<I, O> {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #operations: Operation<I, O>[] = []
  #events = 0

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  /** The operations recorded so far. Calls that have not been answered are not among them. */
  get operations(): readonly Operation<I, O>[] {
    return this.#operations
  }

  /** Resolves the answer, or `null` when there was none. Never rejects. */
  async record({ client, key, input, run, answerOf }: RecordedCall<I, O>): Promise<O | null> {
    const calledAt = this.#next()
    const startMs = this.#clock.monotonic()
    let output: O | null
    try {
      output = await run()
    } catch (error) {
      output = answerOf?.(error) ?? null
      if (output === null && appliedOf(error) === 'no') return null
    }
    const isLost = output === null
    const returnedAt = isLost ? Infinity : this.#next()
    const endMs = isLost ? Infinity : this.#clock.monotonic()
    this.#operations.push({ client, key, input, output, calledAt, returnedAt, startMs, endMs })
    return output
  }

  #next(): number {
    this.#events += 1
    return this.#events
  }
}
