/** OpenDAL's metadata of an object, converted to the blob contract. */
import type { Metadata } from 'opendal'
import { type BlobListed, CapabilityError } from '@flowport/capabilities'

/** The metadata that a listing may already hold. */
export type MetadataOf = Pick<
  Metadata,
  'contentLength' | 'contentType' | 'etag' | 'lastModified' | 'userMetadata'
>

/** Bytes; 0 where the service does not say. */
export function sizeOf({ contentLength }: MetadataOf): number {
  return Number(contentLength ?? 0n)
}

/** The etag without quotes and weakness, as the contract has it; `null` where there is none. */
export function plainEtag(etag: string | null): string | null {
  const bare = (etag ?? '').replace(/^W\//, '').replaceAll('"', '')
  return bare === '' ? null : bare
}

/** What names the version of an object the service keeps as it is: its etag, else its time and size. */
export function versionOf(metadata: MetadataOf): string {
  const etag = plainEtag(metadata.etag)
  if (etag !== null) return etag
  if (metadata.lastModified !== null) {
    // Nanoseconds where the service has them, so it is kept as text.
    return `${metadata.lastModified.replaceAll(/[^0-9.]/g, '')}-${sizeOf(metadata).toString(36)}`
  }
  throw new CapabilityError(
    'Misconfigured',
    'the service tells neither an etag nor a time of its objects, so versions cannot be told apart: use objects: "enveloped"',
    { code: 'OPENDAL_NO_VERSION' },
  )
}

/** As a listing and a head have it. */
export function listedOf(key: string, metadata: MetadataOf, now: number): BlobListed {
  return {
    key,
    size: sizeOf(metadata),
    etag: versionOf(metadata),
    lastModified: new Date(metadata.lastModified ?? now),
  }
}

/** What an object put without a content type is given, so that no service makes one up. */
export const noContentType = 'binary/octet-stream'

/** `null` for the placeholder of no type. */
export function contentTypeOf({ contentType }: MetadataOf): string | null {
  return contentType === '' || contentType === noContentType ? null : contentType
}
