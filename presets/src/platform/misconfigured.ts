/** The error of a wrong configuration. */
import { CapabilityError, type CapabilityErrorOptions } from '@flowport/capabilities'

/**
 * Returns a `Misconfigured` error with the message `<where>: <reason>`. `where` names the preset or scheme, such as `preset "s3"`.
 * The reason names options and variables; it must not repeat their values, which may be secrets.
 */
export function misconfigured(
  where: string,
  reason: string,
  options: CapabilityErrorOptions = {},
): CapabilityError {
  return new CapabilityError('Misconfigured', `${where}: ${reason}`, options)
}
