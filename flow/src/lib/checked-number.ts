/** Numbers that a flow, a binding or a runtime is defined with, checked where it is defined. */
import { numberFault, type NumberRule } from '@flowport/capabilities'

/** @throws TypeError when the value does not follow the rule. */
export function checkNumber(option: string, value: number, rule: NumberRule): void {
  const fault = numberFault(value, rule)
  if (fault !== null) throw new TypeError(`${option} ${fault}`)
}
