/** JSON as the portable types keep it: text, made and read in one place so that its errors read alike. */
import { CapabilityError } from './error.ts'

interface Place {
  readonly capability: string
  readonly operation: string
  readonly key?: string | undefined
}

/** The value as JSON text; what JSON cannot say is `InvalidInput`. */
export function toJsonText(value: unknown, what: string, where: Place): string {
  let text: string | undefined
  let cause: unknown
  try {
    text = JSON.stringify(value)
  } catch (error) {
    cause = error
  }
  if (text !== undefined) return text
  throw new CapabilityError('InvalidInput', `the ${what} cannot be written as JSON`, { ...where, cause })
}

/** The value of a stored JSON text; anything else in the store is `Corrupt`. */
export function fromJsonText(text: string, what: string, where: Place): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new CapabilityError('Corrupt', `the stored ${what} is not JSON: something else wrote it`, {
      ...where,
      cause,
    })
  }
}
