/** S3 clients on Workers, in browsers and on Bun: `fetch`, and signatures and digests over Web Crypto. */
import type { S3HttpOptions } from '../object-http/http-options.ts'
import { S3Client, type S3ClientOptions } from './client.ts'

/** `fetch` takes no connection options, so `http` is ignored. */
export function connectS3(options: S3ClientOptions, _http?: S3HttpOptions): S3Client {
  return new S3Client(options)
}
