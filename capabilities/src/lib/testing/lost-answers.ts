/** Loses the answers of a driver in this process, where there is no connection a proxy could reset. */
import { type Applied, CapabilityError } from '../error.ts'
import type { LoseAnswers } from './conformance.ts'

/** Give `loseAnswers` to the harness of a suite, and wrap what the driver answers in `of`. */
export class LostAnswers {
  #isLosing = false

  readonly loseAnswers: LoseAnswers = async (work) => {
    this.#isLosing = true
    try {
      return await work()
    } finally {
      this.#isLosing = false
    }
  }

  /** The answer; while `loseAnswers` runs, the error of a reset connection instead, which says `applied` of the write. */
  async of<T>(answer: T | PromiseLike<T>, applied: Applied = 'unknown'): Promise<T> {
    const answered = await answer
    if (this.#isLosing) throw new CapabilityError('Unavailable', 'the connection was reset', { applied })
    return answered
  }
}
