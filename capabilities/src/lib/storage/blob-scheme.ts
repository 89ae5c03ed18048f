/** `blobScheme`: any blob store as a scheme. */
import type { BlobStore } from '../blob/contract.ts'
import type { StorageScheme } from './scheme.ts'

/** The path of a URI is the key in that store. The store is its maker's to close. */
export function blobScheme<const S extends string>(
  scheme: S,
  blob: BlobStore,
): StorageScheme<S, never, never> {
  return { scheme, authority: 'key', open: () => ({ blob }) }
}
