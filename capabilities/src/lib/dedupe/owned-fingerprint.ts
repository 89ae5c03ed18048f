/**
 * Whose request a record is, kept in the record's fingerprint: every ledger keeps that text as it is, from `begin` until
 * another request takes the key, so that drivers need no field for the owner.
 */
import { CapabilityError } from '../error.ts'

export interface OwnedFingerprint {
  readonly fingerprint: string
  /** Absent where `begin` was given no owner, as by earlier versions. */
  readonly owner?: string
}

const head = 'owner='
const ownerText = /^[\w-]{1,128}$/

/** The text that drivers keep. Without an owner it is the fingerprint itself, as earlier versions wrote it. */
export function joinOwner(
  { fingerprint, owner }: OwnedFingerprint,
  where: { readonly capability: string; readonly operation: string; readonly key: string },
): string {
  if (owner !== undefined && !ownerText.test(owner)) {
    const message = 'an owner is 1 to 128 letters, digits, "-" and "_", such as a digest of the principal'
    throw new CapabilityError('InvalidInput', message, where)
  }
  // A fingerprint that looks like an owner's is marked, so that reading it gives no owner.
  return owner === undefined && !fingerprint.startsWith(head)
    ? fingerprint
    : `${head}${owner ?? ''};${fingerprint}`
}

/** What `joinOwner` put together. */
export function splitOwner(kept: string): OwnedFingerprint {
  const end = kept.indexOf(';')
  if (!kept.startsWith(head) || end < 0) return { fingerprint: kept }
  const owner = kept.slice(head.length, end)
  const fingerprint = kept.slice(end + 1)
  return owner === '' ? { fingerprint } : { fingerprint, owner }
}
