/** The seam between a provider's own driver and OpenDAL as its engine. Types only: it costs a bundle nothing. */
import type { BlobDriver, Clock, Extensions, Logger } from '@flowport/capabilities'
import type { Advice } from '../object-http/advised-blob-driver.ts'

export interface OpenDalSeam {
  readonly scheme: 's3' | 'gcs' | 'azblob'
  /** The service's configuration with OpenDAL's names, `root` included. */
  readonly config: Readonly<Record<string, string | number | boolean | undefined>>
  /** The provider's own driver within the same root. The engine states its `info`. */
  readonly own: BlobDriver
  /** Bytes of each part of an upload and of each ranged read. */
  readonly chunkBytes: number
  readonly log: Pick<Logger, 'warn'>
  readonly clock: Clock
  /** Gives OpenDAL's errors the kinds of the own driver. */
  readonly advice: Advice
  /** Which of the two makes puts with `ifMatch` or `ifNoneMatch`: `own` where OpenDAL drops the condition. */
  readonly conditionalPuts: 'engine' | 'own'
  /** The etag as the service takes it in `If-Match`. Default: in quotes. */
  readonly toIfMatch?: (etag: string) => string
  /**
   * Most bytes of a conditional put of a stream, where the service checks no condition at the end of an upload: the stream is
   * held in memory and sent in one request, and a longer one is `LimitExceeded`. Default: no bound, sent in parts.
   */
  readonly maxConditionalBytes?: number
  /** Added to the extensions of `own`, or replacing them. Default none. */
  readonly extensions?: Extensions
  /** Aborts the uploads that a failed put of this key left. */
  readonly cleanUp?: (key: string) => Promise<void>
}

/** Opens OpenDAL behind the seam. */
export type OpenDalEngine = (seam: OpenDalSeam) => Promise<BlobDriver>
