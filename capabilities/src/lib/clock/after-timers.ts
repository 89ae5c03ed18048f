/** Platform timers without their limit of 24.8 days. */
import { longestTimerMs } from '../numbers.ts'

/**
 * Calls `fire` once, `ms` milliseconds from now, unless the returned function is called before. What is longer than one
 * timer can wait is waited for in several. `Infinity` never fires.
 */
export function afterTimers(ms: number, fire: () => void): () => void {
  if (ms <= longestTimerMs) {
    const timer = setTimeout(fire, Math.max(0, ms))
    return () => clearTimeout(timer)
  }
  let stop: () => void = () => undefined
  const timer = setTimeout(() => {
    stop = afterTimers(ms - longestTimerMs, fire)
  }, longestTimerMs)
  stop = () => clearTimeout(timer)
  return () => stop()
}
