/** `@flowport/presets/cloudflare-r2/storage` on Node: `r2://` through its S3 endpoint, or a binding where the host has one. */
import { throughBinding } from './storage-binding.ts'
import { throughS3 } from './storage-s3.ts'
import { type R2Scheme, type R2SchemeOptions, r2SchemeWith } from './storage.ts'
import { nodeS3Client } from '../s3/node/client.ts'

export type { R2Field, R2Scheme, R2SchemeOptions } from './storage.ts'

/** `r2://bucket/key`. */
export function r2Scheme(options: R2SchemeOptions = {}): R2Scheme {
  const overS3 = throughS3((client) => nodeS3Client(client))
  return r2SchemeWith((...bucket) => throughBinding(...bucket) ?? overS3(...bucket), options)
}
