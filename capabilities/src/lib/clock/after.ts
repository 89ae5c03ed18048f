/** One-shot timers on any clock. */
import { systemClock } from '../system/clock.ts'
import type { Clock } from './contract.ts'

/** Calls `fire` once, `ms` milliseconds from now, unless the returned function is called before. */
export function after(clock: Clock, ms: number, fire: () => void): () => void {
  if (clock === systemClock) {
    // Beyond that Node's timers fire at once.
    const timer = setTimeout(fire, Math.min(ms, 0x7fffffff))
    return () => clearTimeout(timer)
  }
  const controller = new AbortController()
  // The rejection is the one asked for below.
  clock.sleep(ms, { signal: controller.signal }).then(fire, () => undefined)
  return () => controller.abort()
}
