/** What `put` was given, made ready for the driver: bytes, or a stream that counts, limits and cleans up. */
import { CapabilityError } from '../error.ts'
import type { BlobCapabilityInfo } from '../guarantees/info.ts'
import { checkSize, utf8Length } from '../limits.ts'
import { checkArgument, countOrInfinityRule } from '../numbers.ts'
import { isCount, type Place } from './checks.ts'
import type { BlobBody, BlobPutOptions } from './contract.ts'
import { GuardedStream } from './guarded-stream.ts'
import type { LentBuffers } from './lent-bytes.ts'

export interface PreparedBody {
  /** Length in bytes, where it is known. */
  readonly size: number | undefined
  /** Present when the body can be read only once: whether it has been. */
  readonly tracked: { readonly touched: boolean } | undefined
  /** What to hand to the driver for one attempt. */
  open(signal: AbortSignal | undefined): Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>
  /** Call when the driver is done with what `open` gave it. */
  attemptEnded(): void
  /** What went wrong with the bytes themselves. */
  failure(): CapabilityError | undefined
  /** Call when the put is over, however it ended. */
  release(stored: boolean): void
}

/**
 * Checks length and limits as far as they are known now; a stream is checked while it is read. With `buffers`, bytes are
 * copied into one of them, which goes back when put and attempts are over.
 */
export function prepareBody(
  body: BlobBody,
  { size, maxBytes = Infinity, onProgress }: BlobPutOptions,
  info: BlobCapabilityInfo,
  where: Place,
  buffers?: LentBuffers,
): PreparedBody {
  if (size !== undefined && !isCount(size)) {
    throw new CapabilityError('InvalidInput', 'size must be a whole number of bytes', where)
  }
  checkArgument('maxBytes', maxBytes, countOrInfinityRule(0), where)
  const most = Math.min(maxBytes, info.limits.maxObjectBytes)
  const length = lengthOf(body, where) ?? size
  const wrongLength = (seen: number) =>
    new CapabilityError(
      'InvalidInput',
      `the body is not of the size given: ${seen} bytes seen, size ${size}`,
      where,
    )
  if (length !== undefined) checkSize(length, most, 'body', where)
  if (length !== undefined && size !== undefined && length !== size) throw wrongLength(length)
  const onBytes = (bytes: number) => onProgress?.(length === undefined ? { bytes } : { bytes, total: length })
  const rules = { where, length, wrongLength, maxBytes: most, onBytes }
  if (body instanceof ReadableStream)
    return streamed(new GuardedStream(body, { ...rules, reopenable: true }), length)
  if (body instanceof Blob) return reopened(() => new GuardedStream(body.stream(), rules), length)
  if (typeof body === 'string') return copied(encoder.encode(body), undefined, onBytes)
  if (buffers === undefined) return copied(new Uint8Array(body), undefined, onBytes)
  const lent = buffers.copy(body)
  return copied(lent.bytes, lent.release, onBytes)
}

/** Bytes that are ours: every attempt is given the same. An attempt that timed out may still read them after the put. */
function copied(
  bytes: Uint8Array<ArrayBuffer>,
  giveBack: (() => void) | undefined,
  onBytes: (bytes: number) => void,
): PreparedBody {
  const { byteLength } = bytes
  let readers = 1
  const readerEnded = () => {
    readers -= 1
    if (readers === 0) giveBack?.()
  }
  return {
    size: byteLength,
    tracked: undefined,
    open: () => {
      readers += 1
      return bytes
    },
    attemptEnded: readerEnded,
    failure: () => undefined,
    release: (stored) => {
      if (stored) onBytes(byteLength)
      readerEnded()
    },
  }
}

/** A stream of the caller's: read once, by whichever attempt touches it first. */
function streamed(source: GuardedStream, size: number | undefined): PreparedBody {
  return {
    size,
    tracked: source,
    open: (signal) => source.open(signal),
    attemptEnded: () => undefined,
    failure: () => source.failure,
    release: () => source.release(),
  }
}

/** A `Blob`: every attempt reads it from the start. */
function reopened(open: () => GuardedStream, size: number | undefined): PreparedBody {
  let source: GuardedStream | undefined
  return {
    size,
    tracked: undefined,
    open: (signal) => {
      source?.release()
      source = open()
      return source.open(signal)
    },
    attemptEnded: () => undefined,
    failure: () => source?.failure,
    release: () => source?.release(),
  }
}

function lengthOf(body: BlobBody, where: Place): number | undefined {
  if (typeof body === 'string') return utf8Length(body)
  if (body instanceof Uint8Array) return body.byteLength
  if (body instanceof Blob) return body.size
  if (body instanceof ReadableStream) return undefined
  throw new CapabilityError(
    'InvalidInput',
    'a body is text, a Uint8Array, a Blob or a ReadableStream of bytes',
    where,
  )
}

const encoder = new TextEncoder()
