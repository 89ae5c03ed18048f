/** A reference to a stored object, as JSON: how files travel through flows. */
import type { BlobObject, ResourceName } from '@flowport/capabilities'

export interface BlobRef {
  /** The resource name of the store that holds it. */
  readonly $blob: ResourceName<'blob'>
  readonly key: string
  /** Bytes. */
  readonly size: number
  readonly etag: string
  readonly contentType: string | null
  /** ISO 8601. */
  readonly lastModified?: string
}

/** A reference to what a store's `put`, `head` or `get` returned. */
export function blobRef(object: BlobObject, store: ResourceName<'blob'> = 'blob'): BlobRef {
  const { key, size, etag, contentType, lastModified } = object
  return { $blob: store, key, size, etag, contentType, lastModified: lastModified.toISOString() }
}

export function isBlobRef(value: unknown): value is BlobRef {
  return (
    typeof value === 'object' &&
    value !== null &&
    '$blob' in value &&
    typeof value.$blob === 'string' &&
    'key' in value &&
    typeof value.key === 'string'
  )
}
