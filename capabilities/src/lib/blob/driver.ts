/** What a provider supplies to be a blob store. Arguments arrive checked; `createBlobStore` does the rest. */
import type { BlobCapabilityInfo } from '../guarantees/info.ts'
import type { Awaitable, DriverCall } from '../kv/driver.ts'
import type { BlobListed, BlobObject, BlobPresignOptions, ByteRange } from './contract.ts'

/** An opened object: `body` holds exactly the bytes `[start, end)`. Cancelling the stream frees what it holds. */
export interface OpenedBlob {
  readonly object: BlobObject
  readonly start: number
  readonly end: number
  readonly body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>
}

export interface BlobDriverGet extends DriverCall {
  readonly range?: ByteRange | undefined
  readonly ifMatch?: string | undefined
}

export interface BlobDriverPut extends DriverCall {
  readonly contentType: string | null
  readonly metadata: Readonly<Record<string, string>>
  readonly ifMatch?: string | undefined
  readonly ifNoneMatch?: '*' | undefined
  /** Length of the body in bytes, where it is known. */
  readonly size?: number | undefined
}

export interface BlobDriverList extends DriverCall {
  readonly prefix: string
  readonly delimiter?: string | undefined
  readonly cursor?: string | undefined
  readonly limit: number
}

export interface BlobDriverPage {
  /** In UTF-8 byte order. */
  readonly objects: readonly BlobListed[]
  readonly prefixes: readonly string[]
  /** Present when more may follow. */
  readonly cursor?: string | undefined
}

export interface BlobDriver {
  readonly info: BlobCapabilityInfo
  /**
   * States that `put` does not read its bytes once its promise has settled: their buffer is then used again. Without it,
   * bytes may be kept. Default false.
   */
  readonly returnsBytes?: boolean
  head(key: string, call: DriverCall): Awaitable<BlobObject | null>
  get(key: string, get: BlobDriverGet): Awaitable<OpenedBlob | null>
  /**
   * Stores the whole body or nothing. A stream that errors, or a signal that fires, must leave what was there before;
   * the stream's own error is thrown on. Bytes may be kept without copying, unless `returnsBytes` says otherwise: the
   * portable type has copied them.
   */
  put(
    key: string,
    body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>,
    put: BlobDriverPut,
  ): Awaitable<BlobObject>
  delete(key: string, call: DriverCall): Awaitable<void>
  /** At most `limits.maxBulkKeys` keys. */
  deleteMany?(keys: readonly string[], call: DriverCall): Awaitable<void>
  list(list: BlobDriverList): Awaitable<BlobDriverPage>
  /** Only with `features.serverCopy`. `null` when `from` is absent. */
  copy?(from: string, to: string, call: DriverCall): Awaitable<BlobObject | null>
  /** Only with `features.presign`. */
  presign?(key: string, options: BlobPresignOptions): Awaitable<URL>
  check?(call: DriverCall): Awaitable<void>
  close?(): Awaitable<void>
}
