/** Checks of numbers before they reach OpenDAL, where some abort the process, some hang it and some are taken for others. */
import { CapabilityError } from '../error.ts'

/** The number, when it is whole and within the bounds; `Misconfigured` otherwise. */
export function checkedInteger(name: string, value: number, least: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  throw new CapabilityError('Misconfigured', `${name} must be a whole number from ${least} to ${most}`, {
    details: { option: name },
  })
}
