/** `@flowport/presets/s3/storage` on Workers and in browsers: `s3://` over `fetch`. */
import { type S3Scheme, type S3SchemeOptions, s3SchemeWith } from './storage.ts'

export type { S3Field, S3Scheme, S3SchemeOptions } from './storage.ts'
export type { S3Credentials, S3CredentialsProvider } from './credentials.ts'

/** `s3://bucket/key`. Credentials are those of provider `s3`, or `AWS_ACCESS_KEY_ID` and its like. */
export function s3Scheme(options: S3SchemeOptions = {}): S3Scheme {
  return s3SchemeWith(async () => (await import('./storage-web.ts')).openS3, options)
}
