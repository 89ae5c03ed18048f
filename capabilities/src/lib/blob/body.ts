/** What `put` was given, made ready for the driver: bytes, or a stream that counts, limits and cleans up. */
import { CapabilityError } from '../error.ts'
import type { BlobCapabilityInfo } from '../guarantees/info.ts'
import { checkSize } from '../limits.ts'
import { isCount, type Place } from './checks.ts'
import type { BlobBody, BlobPutOptions } from './contract.ts'
import { GuardedStream } from './guarded-stream.ts'

export interface PreparedBody {
  /** Length in bytes, where it is known. */
  readonly size: number | undefined
  /** Present when the body can be read only once: whether it has been. */
  readonly tracked: { readonly touched: boolean } | undefined
  /** What to hand to the driver for one attempt. */
  open(signal: AbortSignal | undefined): Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>
  /** What went wrong with the bytes themselves. */
  failure(): CapabilityError | undefined
  /** Call when the put is over, however it ended. */
  release(stored: boolean): void
}

/** Checks length and limits as far as they are known now; a stream is checked while it is read. */
export function prepareBody(
  body: BlobBody,
  { size, maxBytes = Infinity, onProgress }: BlobPutOptions,
  info: BlobCapabilityInfo,
  where: Place,
): PreparedBody {
  if (size !== undefined && !isCount(size)) {
    throw new CapabilityError('InvalidInput', 'size must be a whole number of bytes', where)
  }
  if (!(maxBytes >= 0)) throw new CapabilityError('InvalidInput', 'maxBytes must be a number from 0 on', where)
  const most = Math.min(maxBytes, info.limits.maxObjectBytes)
  const known = lengthOf(body) ?? size
  if (known !== undefined) checkSize(known, most, 'body', where)
  const wrongLength = (seen: number) =>
    new CapabilityError('InvalidInput', `the body has ${seen} bytes or more, the size given is ${size}`, where)
  const tooShort = (seen: number) =>
    new CapabilityError('InvalidInput', `the body has ${seen} bytes, the size given is ${size}`, where)
  if (size !== undefined && known !== size) throw tooShort(known as number)
  const progress = (bytes: number) =>
    onProgress?.(known === undefined ? { bytes } : { bytes, total: known })
  const rules = {
    where,
    length: known,
    wrongLength: (seen: number) => (seen > (known as number) ? wrongLength(seen) : tooShort(seen)),
    maxBytes: most,
    onBytes: onProgress === undefined ? undefined : progress,
  }
  if (body instanceof ReadableStream) return streamed(new GuardedStream(body, { ...rules, reopenable: true }), known)
  if (body instanceof Blob) return reopened(() => new GuardedStream(body.stream(), rules), known)
  const bytes = typeof body === 'string' ? encoder.encode(body) : new Uint8Array(body)
  return {
    size: bytes.byteLength,
    tracked: undefined,
    open: () => bytes,
    failure: () => undefined,
    release: (stored) => {
      if (stored) progress(bytes.byteLength)
    },
  }
}

/** A stream of the caller's: read once, by whichever attempt touches it first. */
function streamed(source: GuardedStream, size: number | undefined): PreparedBody {
  return {
    size,
    tracked: source,
    open: (signal) => source.open(signal),
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
    failure: () => source?.failure,
    release: () => source?.release(),
  }
}

function lengthOf(body: BlobBody): number | undefined {
  if (body instanceof ReadableStream) return undefined
  if (body instanceof Blob) return body.size
  return typeof body === 'string' ? encoder.encode(body).byteLength : body.byteLength
}

const encoder = new TextEncoder()
