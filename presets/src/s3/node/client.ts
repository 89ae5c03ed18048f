/** An S3 client for Node: the portable one over undici and `node:crypto`. */
import { nodeDigests } from '../../object-http/node/digests.ts'
import type { S3HttpOptions } from '../../object-http/http-options.ts'
import { platformTransport } from '../../object-http/transport.node.ts'
import { S3Client, type S3ClientOptions } from '../client.ts'
import { aws4Signer } from './aws4-signer.ts'

/** `http` says how to connect; it is ignored where `options` bring a transport. */
export function nodeS3Client(
  options: Omit<S3ClientOptions, 'fetch' | 'signer' | 'digests'>,
  http: S3HttpOptions = {},
): S3Client {
  return new S3Client({
    ...options,
    transport: options.transport ?? platformTransport(http),
    signer: aws4Signer(),
    digests: nodeDigests,
  })
}
