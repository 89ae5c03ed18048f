/** Writes an object whole or not at all: in one request when it is small, in parts when it is not, beside and renamed on file systems. */
import type { Metadata, Operator, WriteOptions } from 'opendal'
import type { Place } from './place.ts'
export interface Writing {
  readonly operator: Operator
  readonly path: string
  /** Goes before the content. */
  readonly header: Uint8Array
  readonly options: WriteOptions
  readonly where: Place
  readonly signal: AbortSignal | undefined
  /** Whether a write shows before it is whole, so that it is written beside and renamed. */
  readonly staged: boolean
  /** Whether a folder may be where the object is to go. */
  readonly meetsFolders: boolean
  /** Most bytes to hold of a stream that is sent in one request; more goes out in parts. */
  readonly heldBytes: number
  /** When given, the body goes out in one request, and is `LimitExceeded` past these bytes. */
  readonly oneRequestBytes: number | undefined
  /** Bytes of each part. */
  readonly chunkBytes: number
  readonly maxObjectBytes: number
  /** Removes what the service keeps of an upload that was not finished. */
  readonly cleanUp: () => Promise<void>
  /** Told of work that goes on after the call has ended. */
  readonly later: (work: Promise<void>) => void
}
export interface Written {
  /** Bytes of the content. */
  readonly size: number
  /** What the service answered, where it was one request. */
  readonly answer: Metadata | null
}
/** Writes the body. When it fails, or the signal fires, what was there before is still there. */
export declare function write(
  writing: Writing,
  body: Uint8Array | ReadableStream<Uint8Array>,
): Promise<Written>
//# sourceMappingURL=write.d.ts.map
