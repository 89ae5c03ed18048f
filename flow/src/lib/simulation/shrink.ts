/** Shrinks the choices of a failing schedule: as many as possible become calm while it still fails in the same way. */

export interface Shrunk {
  readonly choices: readonly number[]
  /** Schedules that were run for it. */
  readonly runs: number
}

/** @param fails Runs the choices. Resolves those that were made, or `null` when the schedule does not fail in the same way. */
export async function shrink(
  choices: readonly number[],
  fails: (choices: readonly number[]) => Promise<readonly number[] | null>,
  maxRuns: number,
): Promise<Shrunk> {
  let best = choices
  let runs = 0
  const calm = async (from: number, to: number): Promise<boolean> => {
    const tried = best.map((value, index) => (index >= from && index < to ? 0 : value))
    if (runs >= maxRuns || !best.some((value, index) => value !== tried[index])) return false
    runs += 1
    const failed = await fails(tried)
    if (failed !== null) best = failed
    return failed !== null
  }
  // Ever smaller blocks, from the end: late choices matter least.
  for (let size = best.length; size >= 1 && runs < maxRuns; size = Math.floor(size / 2))
    for (let from = best.length - size; from > -size; from -= size) await calm(Math.max(0, from), from + size)
  for (let isBetter = true; isBetter && runs < maxRuns; ) {
    isBetter = false
    for (let index = best.length - 1; index >= 0; index--)
      isBetter = (await calm(index, index + 1)) || isBetter
  }
  return { choices: best, runs }
}
