/** What OpenDAL tells of an object, as the blob contract has it. */
import type { Metadata } from 'opendal'
import { type BlobListed } from '@flowport/capabilities'
/** What of an object a listing may hold already. */
export type MetadataOf = Pick<
  Metadata,
  'contentLength' | 'contentType' | 'etag' | 'lastModified' | 'userMetadata'
>
/** Bytes; 0 where the service does not say. */
export declare function sizeOf({ contentLength }: MetadataOf): number
/** The etag without quotes and weakness, as the contract has it; `null` where there is none. */
export declare function plainEtag(etag: string | null): string | null
/** What names the version of an object the service keeps as it is: its etag, else its time and size. */
export declare function versionOf(metadata: MetadataOf): string
/** As a listing and a head have it. */
export declare function listedOf(key: string, metadata: MetadataOf, now: number): BlobListed
/** What an object put without a content type is given, so that no service makes one up. */
export declare const noContentType = 'binary/octet-stream'
/** `null` for what stands for none. */
export declare function contentTypeOf({ contentType }: MetadataOf): string | null
//# sourceMappingURL=metadata.d.ts.map
