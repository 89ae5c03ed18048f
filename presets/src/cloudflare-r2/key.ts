/** Which keys R2 keeps apart. */
import { CapabilityError } from '@flowport/capabilities'

/**
 * Refuses a key that is not in Unicode's composed form (NFC): R2 would store it under its composed spelling, where it
 * replaces another object. https://developers.cloudflare.com/r2/reference/unicode-interoperability/
 */
export function checkR2Key(key: string): void {
  if (isAscii(key) || key.normalize('NFC') === key) return
  throw new CapabilityError(
    'InvalidInput',
    'R2 takes composed and decomposed characters of a key for the same; give the key as key.normalize("NFC")',
  )
}

function isAscii(key: string): boolean {
  // oxlint-disable-next-line eslint/no-control-regex -- all of ASCII
  return /^[\u0000-\u007f]*$/.test(key)
}
