/** The `uriStorage` preset: files addressed by URI, over the schemes an app imports. */
import {
  type Clock,
  definePreset,
  type Layer,
  type Logger,
  logging,
  retry,
  timeout,
} from '@flowport/capabilities'
import {
  type CredentialsByProvider,
  createUriStorage,
  openStorageDriver,
  type StorageScheme,
} from '@flowport/capabilities/storage'
import * as Type from 'typebox'

export interface UriStorageOptions {
  /** Each is an import of its own, such as `s3Scheme()`. */
  readonly schemes?: readonly StorageScheme[]
  /** By provider. They win over the environment; keep them out of the code. */
  readonly credentials?: CredentialsByProvider<readonly StorageScheme[]>
  /** By scheme: what keeps its files where the runtime has no such store, such as `{ opfs: memoryScheme() }`. */
  readonly fallback?: Readonly<Record<string, StorageScheme>>
  /** Dates files, and what schemes sign. Default: the host's clock. */
  readonly clock?: Clock
}

const text = (description: string) => Type.Optional(Type.String({ description }))

export const storageEnv = Type.Object({
  AWS_ACCESS_KEY_ID: text('Access key for s3://.'),
  AWS_SECRET_ACCESS_KEY: text('Secret of that access key. Keep it secret.'),
  AWS_SESSION_TOKEN: text('Session token of temporary credentials for s3://. Keep it secret.'),
  AWS_REGION: text('Region of the buckets of s3://.'),
  AWS_DEFAULT_REGION: text('Region of the buckets of s3://, where AWS_REGION is not set.'),
  AWS_ENDPOINT_URL: text('S3 endpoint for s3://, where it is not Amazon.'),
  AWS_ENDPOINT_URL_S3: text('S3 endpoint for s3://; wins over AWS_ENDPOINT_URL.'),
  GOOGLE_APPLICATION_CREDENTIALS: text('File with the key of a service account for gs://. Node.'),
  GOOGLE_CREDENTIALS: text('Key of a service account for gs://, as JSON or in base64. Keep it secret.'),
  GOOGLE_OAUTH_ACCESS_TOKEN: text('Access token for gs://, which is not renewed. Keep it secret.'),
  GOOGLE_ACCESS_KEY_ID: text('Access key of an HMAC key for gs://.'),
  GOOGLE_SECRET_ACCESS_KEY: text('Secret of that HMAC key. Keep it secret.'),
  GCS_ENDPOINT: text("Endpoint for gs://, where it is not Google's."),
  AZURE_STORAGE_ACCOUNT: text('Storage account for az://.'),
  AZURE_STORAGE_KEY: text('Key of that account. Keep it secret.'),
  AZURE_STORAGE_SAS_TOKEN: text('Shared access signature for az://. Keep it secret.'),
  AZURE_STORAGE_CONNECTION_STRING: text('Connection string for az://. Keep it secret.'),
  AZURE_BLOB_ENDPOINT: text('Endpoint for az://, where it is not that of the account.'),
  R2_ACCOUNT_ID: text('Cloudflare account for r2://.'),
  R2_ACCESS_KEY_ID: text('Access key of an R2 API token for r2://.'),
  R2_SECRET_ACCESS_KEY: text('Secret of that access key. Keep it secret.'),
  R2_ENDPOINT: text('S3 endpoint for r2://, where it is not that of the account.'),
})

export const storageProvides = { storage: { provider: 'uri-storage', extensions: {} } } as const

/** Bounds each try of what is short; large files take the time they take. */
export function storageLayers({
  log,
  clock,
}: {
  readonly log: Logger
  readonly clock: Clock
}): readonly Layer[] {
  return [
    logging({ log, clock }),
    retry({ clock, log }),
    timeout({ timeoutMs: 60_000, except: transfers, clock }),
  ]
}

const transfers = ['read', 'readBytes', 'readJson', 'hash', 'write', 'writeStream', 'copy', 'move', 'delete']

/** Provides `storage`. The schemes' stores are the next stop. */
export const uriStorage = definePreset<UriStorageOptions, typeof storageEnv, typeof storageProvides>({
  name: 'storage',
  env: storageEnv,
  provides: storageProvides,
  portable: { storage: createUriStorage },
  layers: storageLayers,
  open({ env, options, log, clock: hostClock }) {
    const { schemes = [], credentials, fallback, clock = hostClock } = options
    // Validated: each is text, or absent.
    const variables = env as Readonly<Record<string, string | undefined>>
    return { storage: openStorageDriver({ schemes, credentials, fallback, env: variables, log, clock }) }
  },
})
