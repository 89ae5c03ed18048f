/** Types and functions that the entry exports with the presets. */
export type { S3Credentials, S3CredentialsProvider } from './credentials.ts'
export type { S3DedupeOptions, S3Options } from './declaration.ts'
export type { KeptKey } from './delete-many.ts'
export {
  type S3DeleteResult,
  type S3Details,
  type S3Extras,
  s3Extras,
  type S3WriteOptions,
} from './extras.ts'
export type { HttpDispatcher, S3HttpOptions } from '../object-http/http-options.ts'
export type { PendingUpload } from './pending-uploads.ts'
export type { S3Provider } from './profiles/choose.ts'
