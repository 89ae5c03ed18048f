/** Options, variables and guarantees of the `azblob` preset. */
import { type Clock, countRule } from '@flowport/capabilities'
import * as Type from 'typebox'
import type { EngineName } from '../object-http/engine.ts'
import type { S3HttpOptions } from '../object-http/http-options.ts'
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
  /** Blocks of one upload that are held in memory and sent at the same time, 1 to 64. Default 4. The engine `opendal` sends one at a time. */
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

export const azblobEnv = Type.Object({
  AZURE_STORAGE_ACCOUNT: text('Name of the storage account.'),
  AZURE_STORAGE_KEY: text('Key of the storage account. Keep it secret.'),
  AZURE_STORAGE_SAS_TOKEN: text('Shared access signature, instead of the key. Keep it secret.'),
  AZURE_BLOB_CONTAINER: text('Name of the container.'),
  AZURE_BLOB_ENDPOINT: text('Endpoint of the blob service. Default: the one of the account.'),
  AZURE_BLOB_ROOT: text('Folder of the container that holds all keys.'),
})

export const azblobProvides = { blob: azblobInfo } as const

/** Ranges of the numeric options. */
export const azblobNumbers = {
  chunkBytes: countRule(64 * 1024, 1024 ** 3),
  uploadConcurrency: countRule(1, 64),
}
