/** An S3 client for Node: the portable one over undici and `node:crypto`. */
import { S3Client, type S3ClientOptions } from '../client.ts'
import type { S3HttpOptions } from '../../object-http/http-options.ts'
import { aws4Signer } from './aws4-signer.ts'
import { nodeDigests } from '../../object-http/node/digests.ts'
import { undiciTransport } from '../../object-http/node/undici-transport.ts'

export function nodeS3Client(
  options: Omit<S3ClientOptions, 'fetch' | 'signer' | 'digests'>,
  http: S3HttpOptions = {},
): S3Client {
  return new S3Client({
    transport: undiciTransport(http),
    ...options,
    signer: aws4Signer(),
    digests: nodeDigests,
  })
}
