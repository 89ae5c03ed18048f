/** The differences between S3 stores that the driver must know. The known ones are in `profiles/`. */
import type { BlobCapabilityInfo } from '@flowport/capabilities'

export interface S3Profile {
  /** The guarantees of a store of this kind. */
  readonly info: BlobCapabilityInfo
  /** Largest object one `PUT` or one server-side copy takes, in bytes. */
  readonly maxPutBytes: number
  /** Whether completing a multipart upload honours `If-Match` and `If-None-Match`. */
  readonly conditionalComplete: boolean
  /** How `If-Match` takes an etag. */
  readonly etags: 'quoted' | 'bare'
  /**
   * Codes a store answers the loser of a race of conditional writes with, beside `PreconditionFailed`. Only codes that
   * mean nothing was written.
   */
  readonly lostRaceCodes: readonly string[]
  /**
   * Whether a put keeps `x-amz-checksum-sha256` with the object and a read returns it: it is then sent with every object
   * that goes in one put, and whole reads are compared with it. Default false.
   */
  readonly checksums?: boolean
  /** Refuses keys the store would take for others. Default none. */
  readonly checkKey?: (key: string) => void
}

/** The value of an `If-Match`. */
export function etagHeader(etag: string, { etags }: Pick<S3Profile, 'etags'>): string {
  return etags === 'quoted' ? `"${etag}"` : etag
}
