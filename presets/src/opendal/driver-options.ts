/** Checks of numbers before they reach OpenDAL, where some abort the process, some hang it and some are taken for others. */
import { CapabilityError, countRule, numberFault } from '@flowport/capabilities'

/** The number, when it is whole and within the bounds; `Misconfigured` otherwise. */
export function checkedInteger(name: string, value: number, least: number, most: number): number {
  const fault = numberFault(value, countRule(least, most))
  if (fault === null) return value
  throw new CapabilityError('Misconfigured', `${name} ${fault}`, { details: { option: name } })
}
