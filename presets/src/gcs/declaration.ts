/** The `gcs` preset without its driver: what it reads, states and wraps, shared with its stub on other runtimes. */
import { CapabilityError, type Clock, countRule } from '@flowport/capabilities'
import * as Type from 'typebox'
import { gcsInfo } from './info.ts'

export interface GcsOptions {
  /** Name of the bucket, which must exist. Default: the variable `GCS_BUCKET`. */
  readonly bucket?: string
  /** Key of a service account, as JSON or in base64; keep it out of the code. Default: the variable `GCS_CREDENTIAL`. */
  readonly credential?: string
  /** File that holds such a key. Default: the variable `GOOGLE_APPLICATION_CREDENTIALS`. */
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
  /** Bytes of a part of an upload, 5 MiB to 1 GiB. 10 000 of them bound a stream. Default 8 MiB. */
  readonly chunkBytes?: number
  /** Ranged reads under way at once for one object, 1 to 64; each is held in memory. Uploads send one part at a time. Default 1. */
  readonly concurrency?: number
  /**
   * Bytes of the longest stream of a conditional put, which is held in memory: only puts of one request are checked.
   * Up to 1 GiB. Default 64 MiB.
   */
  readonly maxConditionalBytes?: number
  /** Milliseconds a call without content may take, 1 to 86 400 000. Default 60 000. */
  readonly timeoutMs?: number
  /**
   * Milliseconds one request with content may take: a part, a ranged read, or a whole body that was given as bytes.
   * 1 to 86 400 000. Default 600 000.
   */
  readonly ioTimeoutMs?: number
  /** Dates objects where the service does not. Default: the host's clock. */
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

/** What fits the options that are numbers. */
export const gcsNumbers = {
  chunkBytes: countRule(5 * 1024 ** 2, 1024 ** 3),
  concurrency: countRule(1, 64),
  maxConditionalBytes: countRule(0, 1024 ** 3),
  timeoutMs: countRule(1, 86_400_000),
  ioTimeoutMs: countRule(1, 86_400_000),
}

/** An error of the preset's configuration. */
export function misconfigured(reason: string): CapabilityError {
  return new CapabilityError('Misconfigured', `preset "gcs": ${reason}`)
}
