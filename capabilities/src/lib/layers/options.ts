/** Checks of layer options, at construction: a layer that cannot work as told refuses to be made. */
import { CapabilityError } from '../error.ts'

/** The longest time a timer can wait; more fires at once on every runtime. */
export const maxTimerMs = 2 ** 31 - 1

/** Refuses what is not a whole number from `min` on. */
export function checkCount(layer: string, option: string, value: number, min = 1): void {
  if (Number.isSafeInteger(value) && value >= min) return
  throw new CapabilityError('Misconfigured', `${layer}: ${option} must be a whole number from ${min} on`)
}

/** Refuses milliseconds that no timer can wait; from `min` on they are fine. */
export function checkMs(layer: string, options: Readonly<Record<string, number>>, min = 0): void {
  for (const [option, ms] of Object.entries(options)) {
    if (Number.isFinite(ms) && ms >= min && ms <= maxTimerMs) continue
    throw new CapabilityError(
      'Misconfigured',
      `${layer}: ${option} must be ${min} to ${maxTimerMs} milliseconds`,
    )
  }
}
