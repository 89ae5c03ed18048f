/** Options of a blob driver over OpenDAL, and their checks. */
import type { Clock, Logger } from '@flowport/capabilities'
import { defaultChunkBytes, type OpenDalBlobInfoOptions } from './driver-info.ts'
import { checkedInteger } from './driver-options.ts'

export interface OpenDalBlobOptions extends OpenDalBlobInfoOptions {
  /** Bytes of each part of an upload and of each ranged read, 64 KiB to 1 GiB. Default 8 MiB. */
  readonly chunkBytes?: number | undefined
  /**
   * Ranged reads under way at once for one object, 1 to 64; each holds a chunk in memory. Default 1. Uploads send one part
   * at a time: with more OpenDAL would hold all of them.
   */
  readonly concurrency?: number | undefined
  /**
   * Most bytes of a conditional put of a stream: it is held in memory and sent in one request, and a longer one is
   * `LimitExceeded`. For services that check conditions of single requests only. Default: no bound, sent in parts.
   */
  readonly maxConditionalBytes?: number | undefined
  /** The etag as `ifMatch` of a put sends it. Default `"etag"`, with quotes; Ceph wants none. */
  readonly toIfMatch?: (etag: string) => string
  /** Folders outside this store, such as `'kv/'`: not listed, and keys below them are refused. Default none. */
  readonly hidden?: readonly string[] | undefined
  /** Removes what the binding leaves of a streamed put that failed or was aborted, such as parts of a multipart upload. */
  cleanUp?(key: string): Promise<void>
  readonly log: Pick<Logger, 'warn'>
  readonly clock: Clock
}

/** Refuses numbers that would abort or hang the process within OpenDAL. */
export function checkBlobOptions(options: OpenDalBlobOptions): void {
  const { chunkBytes = defaultChunkBytes, concurrency = 1, maxConditionalBytes = 0 } = options
  checkedInteger('chunkBytes', chunkBytes, 64 * 1024, 1024 ** 3)
  checkedInteger('concurrency', concurrency, 1, 64)
  checkedInteger('maxConditionalBytes', maxConditionalBytes, 0, 1024 ** 3)
}
