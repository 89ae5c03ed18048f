/** The content of an object, at its reader's pace: one version from end to end, taken up again where a read was cut off. */
import type { Operator } from 'opendal'
import { type Clock } from '@flowport/capabilities'
import type { FoundObject } from './objects.ts'
import type { Place } from './place.ts'
/** What to read, and how. */
export interface Reading {
  readonly operator: Operator
  readonly path: string
  readonly found: FoundObject
  /** The bytes `[start, end)` of the content. */
  readonly start: number
  readonly end: number
  readonly where: Place
  readonly signal: AbortSignal | undefined
  readonly clock: Pick<Clock, 'sleep'>
  /** Bytes of each ranged read. */
  readonly chunkBytes: number
  /** Ranged reads at once by OpenDAL. */
  readonly concurrency: number
  /** Whether the service reads ranges. */
  readonly ranges: boolean
  /** Whether it is still the version that was opened; asked where the service takes no condition. */
  unchanged(): Promise<boolean>
}
/** All of it in one call, for what is small. `null` when another version is there by now. */
export declare function readWhole(reading: Reading): Promise<Uint8Array<ArrayBuffer> | null>
/** The bytes as a stream. Nothing is read before it is asked for, and no more than a piece ahead. */
export declare function readStream(reading: Reading): ReadableStream<Uint8Array<ArrayBuffer>>
//# sourceMappingURL=read.d.ts.map
