/** What the `http` store states of itself: it reads whole objects and parts, and nothing else. */
import type { BlobCapabilityInfo } from '@flowport/capabilities'

/** Bytes of the largest object it reads, where the options do not say. */
export const defaultMaxObjectBytes = 5 * 1024 ** 3

export const httpBlobInfo = {
  provider: 'http',
  // Whether a cache stands between, and what the server keeps, is not for the client to say.
  consistency: 'unknown',
  durability: 'unknown',
  limits: {
    // Of a URL, servers are asked to take 8000 octets (RFC 9110, section 4.1), and each byte of a key may become three.
    maxKeyBytes: 1024,
    maxObjectBytes: defaultMaxObjectBytes,
    maxMetadataBytes: 0,
    maxListKeys: 1,
    maxBulkKeys: 1,
  },
  features: {
    createOnly: false,
    compareAndSwap: false,
    // Of a server that answers with the whole object the part is cut out here.
    ranges: true,
    metadata: false,
    // `put` cannot set one. What the server tells of an object is in `head` and `get`.
    contentType: false,
    serverCopy: false,
    presign: false,
    list: false,
    write: false,
  },
  extensions: { 'dev.flowport.http.access': 'read-only' },
} as const satisfies BlobCapabilityInfo

/** The info of an instance with limits of its own. */
export function httpInfoWith(
  limits: Partial<Pick<BlobCapabilityInfo['limits'], 'maxObjectBytes' | 'maxKeyBytes'>>,
): BlobCapabilityInfo {
  return { ...httpBlobInfo, limits: { ...httpBlobInfo.limits, ...limits } }
}
