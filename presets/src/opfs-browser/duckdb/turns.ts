/** One at a time, in order of arrival: the engine has one connection. */

export interface Turns {
  /** Runs `work` after all that came before. */
  next<T>(work: () => Promise<T>): Promise<T>
}

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return {
    next(work) {
      const turn = last.then(work)
      last = turn.catch(() => undefined)
      return turn
    },
  }
}
