/** What each check of a blob probe is given. */
import type { BlobReader, BlobStore } from '../../blob/contract.ts'
import type { BlobCapabilityInfo, BlobFeatures } from '../../guarantees/info.ts'
import type { ProbeTools } from '../check.ts'

export interface BlobProbeSubject extends ProbeTools {
  readonly blob: BlobStore
  /** What the store claims. */
  readonly info: BlobCapabilityInfo
  /** Whether the feature can be tried: it is claimed, or the probe has the driver itself. */
  tries(feature: keyof BlobFeatures): boolean
  readonly fetch: typeof fetch
  readonly wrongSecret: BlobReader | null
}

/** The text under a key, or `null`. */
export async function textUnder(
  { blob, signal }: Pick<BlobProbeSubject, 'blob' | 'signal'>,
  key: string,
): Promise<string | null> {
  const handle = await blob.get(key, { signal })
  return handle === null ? null : handle.text()
}
