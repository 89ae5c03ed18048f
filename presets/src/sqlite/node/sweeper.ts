/** Deletes expired rows a few at a time, while writing: no timer, and no write waits for all of them. */
import type { StatementSync } from 'node:sqlite'

/** Writes between two sweeps. */
const every = 32
/** Rows one sweep deletes at most; more than are written between two, so that it catches up. */
export const sweepRows = 128

export class Sweeper {
  readonly #delete: StatementSync
  #writes = 0

  /** `statement` deletes at most `sweepRows` rows that have expired at its parameter `:now`. */
  constructor(statement: StatementSync) {
    this.#delete = statement
  }

  /** Call before each write. A sweep that finds the database busy is left to the next. */
  beforeWrite(now: number): void {
    this.#writes += 1
    if (this.#writes % every === 0) this.#delete.run({ now })
  }
}
