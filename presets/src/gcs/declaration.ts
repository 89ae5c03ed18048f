/** Options, variables and guarantees of the `gcs` preset. */
import { type Clock, countRule } from '@flowport/capabilities'
import * as Type from 'typebox'
import type { EngineName } from '../object-http/engine.ts'
import type { S3HttpOptions } from '../object-http/http-options.ts'
import { gcsInfo } from './info.ts'

export interface GcsOptions {
  /** Name of the bucket, which must exist. Default: the variable `GCS_BUCKET`. */
  readonly bucket?: string
  /** Key of a service account, as JSON or in base64; keep it out of the code. Default: the variable `GCS_CREDENTIAL`. */
  readonly credential?: string
  /** File that holds such a key. Node only. Default: the variable `GOOGLE_APPLICATION_CREDENTIALS`. */
  readonly credentialPath?: string
  /** An access token instead, which is not renewed. Default: the variable `GCS_TOKEN`. */
  readonly token?: string
  /** `true`: no credentials are sent, for public buckets. Default false. */
  readonly anonymous?: boolean
  /** Default: the variable `GCS_ENDPOINT`, else Google's. */
  readonly endpoint?: string
  /** Folder of the bucket that holds all keys, such as `media`. Default: the variable `GCS_ROOT`, else none. */
  readonly root?: string
  /** Storage class of new objects, such as `NEARLINE`. Default: the bucket's own. */
  readonly storageClass?: string
  /** Access of new objects, such as `projectPrivate`. Default: the bucket's own. */
  readonly predefinedAcl?: string
  /**
   * Bytes of a part of an upload, 5 MiB to 1 GiB. 10 000 of them bound a stream. Google checks no condition at the end of an
   * upload in parts, so this also bounds the stream of a conditional put that does not say its `size`. Default 8 MiB.
   */
  readonly chunkBytes?: number
  /** Parts of one upload that are held in memory and sent at the same time, 1 to 64. Default 4. The engine `opendal` sends one at a time. */
  readonly uploadConcurrency?: number
  /**
   * What makes the requests: `'fetch'` is the driver of this package, over undici on Node and over `fetch` elsewhere;
   * `'opendal'` is the package of that name, which must be installed and runs on Node only. Default `'fetch'`.
   */
  readonly engine?: EngineName
  /** How Node connects; elsewhere the platform decides. The engine `opendal` connects by itself. */
  readonly http?: S3HttpOptions
  /** Dates requests, and times the pauses between retries of a transfer. Default: the host's clock. */
  readonly clock?: Clock
}

const text = (description: string) => Type.Optional(Type.String({ description }))

export const gcsEnv = Type.Object({
  GCS_BUCKET: text('Name of the bucket.'),
  GCS_CREDENTIAL: text('Key of a service account, as JSON or in base64. Keep it secret.'),
  GOOGLE_APPLICATION_CREDENTIALS: text('File with the key of a service account.'),
  GCS_TOKEN: text('Access token, which is not renewed. Keep it secret.'),
  GCS_ENDPOINT: text("Endpoint, where it is not Google's."),
  GCS_ROOT: text('Folder of the bucket that holds all keys.'),
})

export const gcsProvides = { blob: gcsInfo } as const

/** Ranges of the numeric options. */
export const gcsNumbers = {
  chunkBytes: countRule(5 * 1024 ** 2, 1024 ** 3),
  uploadConcurrency: countRule(1, 64),
}
