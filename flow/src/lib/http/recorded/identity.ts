/** Under which key an answer is recorded: the caller, the route and the `Idempotency-Key`, in that order. */
import type { AnyFlow } from '../../flow.ts'
import type { Metadata } from '../../node.ts'
import type { Digest } from '../../runtime/run-view.ts'
import type { HttpTrigger } from '../../trigger.ts'
import { hexDigest } from './hex-digest.ts'
import { anonymous } from './place.ts'

/** The name of a hook's metadata field that says who calls. */
export const principalField = 'principal'

export interface Caller {
  /** `undefined` for a caller whom no hook has identified. */
  readonly principal: string | undefined
}

/**
 * Who calls, as a hook has established it. @throws TypeError for a principal that is not a text: an answer recorded for
 * nobody in particular would be read by everybody.
 */
export function callerOf(metadata: Metadata): Caller {
  const principal = metadata[principalField]
  if (principal === undefined || principal === null) return { principal: undefined }
  if (typeof principal === 'string' && principal !== '') return { principal }
  throw new TypeError(
    `a hook set metadata.${principalField} to ${principal === '' ? 'an empty text' : `a value of type ${typeof principal}`}: ` +
      'set it to a non-empty text, or leave it out for anonymous callers',
  )
}

/** A digest, so that the ledger holds neither names of callers nor their keys, and no key is too long. */
export function recordName(
  { principal }: Caller,
  flow: AnyFlow,
  { method, path }: HttpTrigger,
  key: string,
  digest: Digest,
): Promise<string> {
  return hexDigest(JSON.stringify([principal ?? null, flow.name, method, path, key]), digest)
}

/** The folder of a caller's recorded bodies. */
export async function folderNameOf({ principal }: Caller, digest: Digest): Promise<string> {
  return principal === undefined ? anonymous : hexDigest(principal, digest)
}

/** The key in the ledger of a record. */
export function ledgerKey(name: string): string {
  return `http:${name}`
}
