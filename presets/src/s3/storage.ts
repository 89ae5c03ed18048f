/** `s3://bucket/key`: Amazon S3, or any store that speaks S3. `openS3` of the runtime is the next stop. */
import type { OpenedStore, SchemeContext, StorageScheme } from '@flowport/capabilities/storage'
import type { S3CredentialsProvider } from './credentials.ts'
import type { S3HttpOptions } from '../object-http/http-options.ts'
import type { S3Provider } from './profiles/choose.ts'

export interface S3SchemeOptions {
  /** The S3 endpoint. Default: the one in the credentials, `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, else Amazon's in the region. */
  readonly endpoint?: string
  /** Region of the buckets. Default: the one in the credentials, `AWS_REGION`, `AWS_DEFAULT_REGION`, else `us-east-1`, or `auto` for R2. */
  readonly region?: string
  /** Whose S3 it is, which decides what is relied on. Default: derived from the endpoint. */
  readonly provider?: S3Provider
  /** Where the bucket's name goes in a URL. Default: the host for Amazon, the path for others. */
  readonly addressing?: 'path' | 'virtual-host'
  /** Gets credentials instead, and again five minutes before they expire. */
  readonly credentials?: S3CredentialsProvider
  /** Sends requests unsigned, for public buckets. Default false. */
  readonly anonymous?: boolean
  /** Bytes of a part of a multipart upload. From 5 MiB on. Default 8 MiB. */
  readonly partBytes?: number
  /** Parts of one upload that are held in memory and sent at the same time, 1 to 64. Default 4. */
  readonly uploadConcurrency?: number
  /** How Node connects; elsewhere the platform decides. */
  readonly http?: S3HttpOptions
}

export type S3Field = 'accessKeyId' | 'secretAccessKey' | 'sessionToken' | 'region' | 'endpoint'

export type S3Scheme = StorageScheme<'s3', 's3', S3Field>

/** Opens a bucket. */
export type OpenS3 = (
  bucket: string,
  options: S3SchemeOptions,
  context: SchemeContext<S3Field>,
) => OpenedStore

/** @param load Gives what opens a bucket on this runtime. A page loads it when it is first used. */
export function s3SchemeWith(load: () => Promise<OpenS3>, options: S3SchemeOptions): S3Scheme {
  const required = options.anonymous !== true && options.credentials === undefined
  return {
    scheme: 's3',
    provider: 's3',
    fields: {
      accessKeyId: { env: ['AWS_ACCESS_KEY_ID'], required },
      secretAccessKey: { env: ['AWS_SECRET_ACCESS_KEY'], required },
      sessionToken: { env: ['AWS_SESSION_TOKEN'] },
      // Settings, not secrets: their variables count beside credentials that are set.
      region: {},
      endpoint: {},
    },
    authority: 'store',
    async open(bucket, context) {
      const openS3 = await load()
      return openS3(bucket, options, context)
    },
  }
}
