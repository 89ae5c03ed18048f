/** Durations as IR numbers. */
import { type Duration, toMilliseconds } from '../duration.ts'

/** Milliseconds; what is no duration is `NaN` or negative, for validation to report with its place. */
export function milliseconds(duration: Duration): number {
  try {
    return toMilliseconds(duration)
  } catch {
    return typeof duration === 'number' ? duration : Number.NaN
  }
}
