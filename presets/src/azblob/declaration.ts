/** The `azblob` preset without its driver: what it reads, states and wraps, shared with its stub on other runtimes. */
import { CapabilityError, type Clock, countRule } from '@flowport/capabilities'
import * as Type from 'typebox'
import { azblobInfo } from './info.ts'

export interface AzblobOptions {
  /** Name of the storage account. Default: the variable `AZURE_STORAGE_ACCOUNT`. */
  readonly account?: string
  /** One of the account's keys, in base64; keep it out of the code. Default: the variable `AZURE_STORAGE_KEY`. */
  readonly accountKey?: string
  /** A shared access signature instead of the key; keep it out of the code. Default: `AZURE_STORAGE_SAS_TOKEN`. */
  readonly sasToken?: string
  /** Name of the container, which must exist. Default: the variable `AZURE_BLOB_CONTAINER`. */
  readonly container?: string
  /** Default: the variable `AZURE_BLOB_ENDPOINT`, else `https://<account>.blob.core.windows.net`. */
  readonly endpoint?: string
  /** Folder of the container that holds all keys, such as `media`. Default: the variable `AZURE_BLOB_ROOT`, else none. */
  readonly root?: string
  /** Bytes of a block of an upload, 64 KiB to 1 GiB. 50 000 of them bound a stream. Default 8 MiB. */
  readonly chunkBytes?: number
  /** Ranged reads under way at once for one object, 1 to 64; each is held in memory. Uploads send one block at a time. Default 1. */
  readonly concurrency?: number
  /** Milliseconds a call without content may take, 1 to 86 400 000. Default 60 000. */
  readonly timeoutMs?: number
  /**
   * Milliseconds one request with content may take: a block, a ranged read, or a whole body that was given as bytes.
   * 1 to 86 400 000. Default 600 000.
   */
  readonly ioTimeoutMs?: number
  /** Dates objects where the service does not. Default: the host's clock. */
  readonly clock?: Clock
}

const text = (description: string) => Type.Optional(Type.String({ description }))

export const azblobEnv = Type.Object({
  AZURE_STORAGE_ACCOUNT: text('Name of the storage account.'),
  AZURE_STORAGE_KEY: text('Key of the storage account. Keep it secret.'),
  AZURE_STORAGE_SAS_TOKEN: text('Shared access signature, instead of the key. Keep it secret.'),
  AZURE_BLOB_CONTAINER: text('Name of the container.'),
  AZURE_BLOB_ENDPOINT: text('Endpoint of the blob service, where it is not that of the account.'),
  AZURE_BLOB_ROOT: text('Folder of the container that holds all keys.'),
})

export const azblobProvides = { blob: azblobInfo } as const

/** What fits the options that are numbers. */
export const azblobNumbers = {
  chunkBytes: countRule(64 * 1024, 1024 ** 3),
  concurrency: countRule(1, 64),
  timeoutMs: countRule(1, 86_400_000),
  ioTimeoutMs: countRule(1, 86_400_000),
}

/** An error of the preset's configuration. */
export function misconfigured(reason: string): CapabilityError {
  return new CapabilityError('Misconfigured', `preset "azblob": ${reason}`)
}
