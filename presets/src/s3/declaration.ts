/** Options, variables and guarantees of the presets `s3` and `s3Dedupe`. */
import type { Clock } from '@flowport/capabilities'
import * as Type from 'typebox'
import type { S3CredentialsProvider } from './credentials.ts'
import type { S3HttpOptions } from '../object-http/http-options.ts'
import { s3DedupeInfo } from './dedupe/info.ts'
import { awsInfo } from './profiles/aws.ts'
import type { S3Provider } from './profiles/choose.ts'

export interface S3Options {
  /** Name of the bucket. Default: the variable `S3_BUCKET`. */
  readonly bucket?: string
  /**
   * Region of the bucket. Default: the variable `S3_REGION`; else `auto` for R2 and Google, `us-east-1` at any other
   * endpoint, and for Amazon `AWS_REGION`, else `AWS_DEFAULT_REGION`.
   */
  readonly region?: string
  /** The S3 endpoint. Default: `S3_ENDPOINT`, `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, else Amazon's in the region. */
  readonly endpoint?: string
  /** Access key. Default: the variable `S3_ACCESS_KEY_ID`, else `AWS_ACCESS_KEY_ID`. The two sets are never mixed. */
  readonly accessKeyId?: string
  /** Its secret; keep it out of the code. Default: the variable `S3_SECRET_ACCESS_KEY`, else `AWS_SECRET_ACCESS_KEY`. */
  readonly secretAccessKey?: string
  /** Token of temporary credentials. Default: the variable `S3_SESSION_TOKEN`, else `AWS_SESSION_TOKEN`. */
  readonly sessionToken?: string
  /** Gets credentials instead, and again five minutes before they expire. Not with the engine `opendal`. */
  readonly credentials?: S3CredentialsProvider
  /** Sends requests unsigned, for public buckets. Default false. */
  readonly anonymous?: boolean
  /**
   * Folder of the bucket that is the store, such as `'app/media'`: no key leads out of it. Default: the variable
   * `S3_ROOT`, else the whole bucket.
   */
  readonly root?: string
  /**
   * What makes the requests on Node: `'fetch'` is the driver of this package, `'opendal'` the package of that name, which
   * must be installed. Default: the variable `S3_ENGINE`, else `'fetch'`.
   */
  readonly engine?: 'fetch' | 'opendal'
  /**
   * Whose S3 it is, which decides what is stated and relied on. Default: the variable `S3_PROVIDER`, else derived
   * from the endpoint. At an unknown endpoint conditional writes are `Unsupported`.
   */
  readonly provider?: S3Provider
  /** Where the bucket's name goes in a URL. Default: the host for Amazon, the path for others. */
  readonly addressing?: 'path' | 'virtual-host'
  /** Bytes of a part of a multipart upload. From 5 MiB on. Default 8 MiB. */
  readonly partBytes?: number
  /** Parts of one upload that are held in memory and sent at the same time, 1 to 64. Default 4. The engine `opendal` sends one at a time. */
  readonly uploadConcurrency?: number
  /**
   * Whether the parts of an upload are signed with their SHA-256, so that the store refuses altered ones. `false` leaves that
   * to TLS, as OpenDAL does, and halves the CPU time of an upload; only over `https`, or to this machine. Default true.
   */
  readonly signParts?: boolean
  /** How Node connects; elsewhere the platform decides. */
  readonly http?: S3HttpOptions
  /** Dates signatures, and waits before a broken transfer is gone on with. Default: the host's clock. */
  readonly clock?: Clock
}

export interface S3DedupeOptions
  extends Omit<S3Options, 'engine' | 'partBytes' | 'uploadConcurrency' | 'signParts'> {
  /** Folder of the ledger's objects, below the root. Default `'.flowport/dedupe/'`. */
  readonly prefix?: string
}

const text = (description: string) => Type.Optional(Type.String({ description }))

export const s3Env = Type.Object({
  S3_BUCKET: text('Name of the bucket.'),
  S3_REGION: text('Region of the bucket.'),
  S3_ENDPOINT: text('S3 endpoint, where it is not Amazon.'),
  S3_ACCESS_KEY_ID: text('Access key.'),
  S3_SECRET_ACCESS_KEY: text('Secret of that access key. Keep it secret.'),
  S3_SESSION_TOKEN: text('Session token of temporary credentials. Keep it secret.'),
  AWS_ACCESS_KEY_ID: text('Access key, where S3_ACCESS_KEY_ID is not set.'),
  AWS_SECRET_ACCESS_KEY: text('Secret of that access key. Keep it secret.'),
  AWS_SESSION_TOKEN: text('Session token of that access key. Keep it secret.'),
  AWS_REGION: text('Region of the bucket, where neither S3_REGION nor S3_ENDPOINT is set.'),
  AWS_DEFAULT_REGION: text('Region of the bucket, where AWS_REGION is not set either.'),
  AWS_ENDPOINT_URL_S3: text('S3 endpoint, where S3_ENDPOINT is not set.'),
  AWS_ENDPOINT_URL: text('S3 endpoint, where AWS_ENDPOINT_URL_S3 is not set either.'),
  S3_ROOT: text('Folder of the bucket that is the store. Default: the whole bucket.'),
  S3_ENGINE: text('What makes the requests on Node: fetch or opendal. Default fetch.'),
  S3_PROVIDER: text('Whose S3 it is: aws, r2, minio, ceph or gcs. Default: told from the endpoint.'),
})

export const s3Provides = { blob: awsInfo } as const
export const s3DedupeProvides = { dedupe: s3DedupeInfo } as const
