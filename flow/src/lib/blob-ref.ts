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

const brand: unique symbol = Symbol.for('flowport.blob-ref') as never

/** A reference to what a store's `put`, `head` or `get` returned. As a flow's answer it stands for the object's bytes. */
export function blobRef(object: BlobObject, store: ResourceName<'blob'> = 'blob'): BlobRef {
  const { key, size, etag, contentType, lastModified } = object
  return branded({ $blob: store, key, size, etag, contentType, lastModified: lastModified.toISOString() })
}

/**
 * Vouches for a reference that was kept as JSON, such as in a key-value entry, or copied: whoever gets it may read the object.
 * Never for what a client has sent. @throws TypeError for what is no reference.
 */
export function asBlobRef(kept: unknown): BlobRef {
  if (!hasShape(kept)) throw new TypeError('this is no reference to a stored object')
  const { $blob, key, size, etag, contentType, lastModified } = kept
  return branded({
    $blob,
    key,
    size,
    etag,
    contentType,
    ...(lastModified === undefined ? {} : { lastModified }),
  })
}

/**
 * Whether `blobRef` or `asBlobRef` made it, in this process: JSON of the same shape, which a client may have written, is
 * none.
 */
export function isBlobRef(value: unknown): value is BlobRef {
  return typeof value === 'object' && value !== null && brand in value
}

/** The brand does not show, and does not survive a copy. */
function branded(ref: BlobRef): BlobRef {
  return Object.defineProperty(ref, brand, { value: true })
}

function hasShape(value: unknown): value is BlobRef {
  if (typeof value !== 'object' || value === null) return false
  const { $blob, key, size, etag, contentType, lastModified } = value as Readonly<Record<string, unknown>>
  return (
    typeof $blob === 'string' &&
    /^blob(?::|$)/.test($blob) &&
    typeof key === 'string' &&
    Number.isSafeInteger(size) &&
    typeof etag === 'string' &&
    (contentType === null || typeof contentType === 'string') &&
    (lastModified === undefined || typeof lastModified === 'string')
  )
}
