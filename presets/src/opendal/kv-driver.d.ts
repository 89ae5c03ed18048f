/** A key-value driver over an OpenDAL operator: each entry a value in an envelope that holds its expiry and metadata. */
import type { Operator } from 'opendal'
import { type Clock, type DriverCall, type KvDriver, type Logger } from '@flowport/capabilities'
import { type OpenDalKvInfoOptions } from './driver-info.ts'
export interface OpenDalKvOptions extends OpenDalKvInfoOptions {
  /** Folder the entries are in, such as `'kv/'`. Default: the root of the operator. */
  readonly folder?: string
  /**
   * Seconds between looks for expired entries, begun by a put and done beside it; 0 for none. Expired entries are
   * invisible in any case. Default 300.
   */
  readonly sweepEverySeconds?: number
  readonly log: Pick<Logger, 'warn'>
  readonly clock: Clock
}
export interface SweepOptions extends DriverCall {
  /** Most entries to look at, 1 to 100 000. Default 1000. */
  readonly maxKeys?: number
}
/** What a sweep did. */
export interface Swept {
  readonly examined: number
  readonly removed: number
  /** Whether it came to the end, so that the next one starts over. */
  readonly complete: boolean
}
export interface OpenDalKvDriver extends KvDriver {
  /**
   * Removes entries that expired more than a minute ago, going on where the last sweep ended. A put of another process
   * that comes between looking at an entry and removing it is lost; one of this process waits.
   */
  sweep(options?: SweepOptions): Promise<Swept>
}
/** A key-value store over the operator. Times to live are kept or refused, never dropped. */
export declare function opendalKvDriver(operator: Operator, options: OpenDalKvOptions): OpenDalKvDriver
//# sourceMappingURL=kv-driver.d.ts.map
