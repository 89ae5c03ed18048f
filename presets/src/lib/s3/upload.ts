/** Stores a stream in one put when it fits into a part, else as a multipart upload that leaves nothing when it fails. */
import { CapabilityError, type Logger } from '@flowport/capabilities'
import { PartReader } from './parts.ts'

/** An upload in parts that has begun. */
export interface MultipartUpload<P> {
  /** Numbers count from 1. The bytes may be used again once it has resolved. */
  uploadPart(number: number, bytes: Uint8Array<ArrayBuffer>): Promise<P>
  abort(): Promise<void>
}

/** How one store takes what `uploadStream` reads. */
export interface UploadTarget<P, U extends MultipartUpload<P>, R> {
  /** Stores a body that fits into one part. */
  putWhole(bytes: Uint8Array<ArrayBuffer>): Promise<R>
  /** Begins an upload in parts, or refuses: the body is longer than one part. */
  begin(): Promise<U>
  complete(upload: U, parts: readonly P[]): Promise<R>
}

export interface UploadOptions {
  /** Bytes of every part but the last. This much is held in memory. */
  readonly partBytes: number
  /** Most parts the store takes. */
  readonly maxParts: number
  /** Length of the stream where it is known. */
  readonly size?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Told when an upload could not be aborted, so that its parts stay until the store's own clean-up. */
  readonly log: Pick<Logger, 'warn'>
}

/** Reads the stream at the store's pace, one part at a time. */
export async function uploadStream<P, U extends MultipartUpload<P>, R>(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  target: UploadTarget<P, U, R>,
  { partBytes, maxParts, size, signal, log }: UploadOptions,
): Promise<R> {
  const reader = new PartReader(stream, partBytes, size)
  try {
    const first = await reader.next()
    if (first.last) return await target.putWhole(first.bytes)
    const upload = await target.begin()
    try {
      const parts: P[] = []
      for (let part = first; ; part = await reader.next()) {
        signal?.throwIfAborted()
        if (parts.length === maxParts) throw tooManyParts(partBytes, maxParts)
        parts.push(await upload.uploadPart(parts.length + 1, part.bytes))
        if (part.last) break
      }
      signal?.throwIfAborted()
      return await target.complete(upload, parts)
    } catch (error) {
      await upload.abort().catch((failure: unknown) => {
        log.warn(
          { err: failure },
          'a failed multipart upload could not be aborted; the store keeps its parts for now',
        )
      })
      throw error
    }
  } catch (error) {
    reader.cancel(error)
    throw error
  }
}

/** The part size for a body of `size` bytes: `partBytes`, or more where the store would need too many parts. */
export function partBytesFor(size: number | undefined, partBytes: number, maxParts: number): number {
  if (size === undefined) return partBytes
  const needed = Math.ceil(size / maxParts)
  return needed <= partBytes ? partBytes : Math.ceil(needed / mebibyte) * mebibyte
}

/** The error for a body that needs parts where its condition could not be kept. */
export function tooLongForCondition(maxBytes: number, advice: string): CapabilityError {
  return new CapabilityError(
    'LimitExceeded',
    `a conditional put of a stream is held in memory up to ${maxBytes} bytes, and this one is longer; ${advice}`,
    { details: { limit: 'conditional stream', max: maxBytes } },
  )
}

function tooManyParts(partBytes: number, maxParts: number): CapabilityError {
  const max = partBytes * maxParts
  return new CapabilityError(
    'LimitExceeded',
    `a stream of unknown length is stored up to ${max} bytes, ${maxParts} parts of ${partBytes}; give its size, or raise partBytes`,
    { details: { limit: 'maxParts', max } },
  )
}

const mebibyte = 1024 * 1024
