/** `@flowport/presets/s3/storage`: the URI scheme `s3://`. */
import { type S3Scheme, type S3SchemeOptions, s3SchemeWith } from './storage.ts'

export type { S3Field, S3Scheme, S3SchemeOptions } from './storage.ts'
export type { S3Credentials, S3CredentialsProvider } from './credentials.ts'

/** `s3://bucket/key`. Takes credentials from the provider `s3`, else from the `AWS_…` variables. */
export function s3Scheme(options: S3SchemeOptions = {}): S3Scheme {
  return s3SchemeWith(async () => (await import('./storage-platform.ts')).openS3, options)
}
