/** Under which key an answer is recorded: the caller, the route and the `Idempotency-Key`, in that order. */
import type { AnyFlow } from '../../flow.ts'
import type { Caller } from '../../runtime/owner.ts'
import type { Digest } from '../../runtime/run-view.ts'
import type { HttpTrigger } from '../../trigger.ts'
import { hexDigest } from '../../hex-digest.ts'
import { anonymous } from './place.ts'

/** A digest, so that the ledger holds neither names of callers nor their keys, and no key is too long. */
export function recordName(
  { principal }: Pick<Caller, 'principal'>,
  flow: AnyFlow,
  { method, path }: HttpTrigger,
  key: string,
  digest: Digest,
): Promise<string> {
  return hexDigest(JSON.stringify([principal ?? null, flow.name, method, path, key]), digest)
}

/** The folder of a caller's recorded bodies. */
export async function folderNameOf(
  { principal }: Pick<Caller, 'principal'>,
  digest: Digest,
): Promise<string> {
  return principal === undefined ? anonymous : hexDigest(principal, digest)
}

/** The key in the ledger of a record. */
export function ledgerKey(name: string): string {
  return `http:${name}`
}
