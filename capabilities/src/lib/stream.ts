/** Reading byte streams with a bound and a way out. */
import { cancelled } from './cancelled.ts'
import { CapabilityError, isCapabilityError } from './error.ts'

interface Place {
  readonly capability: string
  readonly operation: string
  readonly key?: string
}

/**
 * All bytes of a stream; past `maxBytes` it is `LimitExceeded`, when the signal fires `Cancelled`. However it fails,
 * the stream is cancelled and unlocked. `expected` bytes, where they are known, save copying.
 */
export async function collect(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
  where: Place,
  signal?: AbortSignal,
  expected = 0,
): Promise<Uint8Array<ArrayBuffer>> {
  checkUnlocked(stream, where)
  // Copied as they come: a source may use one buffer for all its chunks.
  let bytes = new Uint8Array(Math.min(expected, maxBytes, largestGuess))
  let length = 0
  const reader = stream.getReader()
  const onAbort = () => void reader.cancel(signal?.reason).catch(() => undefined)
  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted) onAbort()
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const start = length
      length += read.value.byteLength
      if (length > maxBytes) throw tooLong(maxBytes, where)
      if (length > bytes.byteLength) bytes = grown(bytes, start, Math.max(length, 2 * bytes.byteLength))
      bytes.set(read.value, start)
    }
    if (signal?.aborted) throw signal.reason
  } catch (error) {
    reader.cancel(error).catch(() => undefined)
    if (signal?.aborted) throw cancelledRead(signal, where)
    throw isCapabilityError(error) ? error : brokenStream(error, where)
  } finally {
    signal?.removeEventListener('abort', onAbort)
    reader.releaseLock()
  }
  return length === bytes.byteLength ? bytes : bytes.slice(0, length)
}

/** A signal that fires with either; `undefined` when there is none. */
export function anySignal(a: AbortSignal | undefined, b: AbortSignal | undefined): AbortSignal | undefined {
  if (a === undefined || a === b) return b
  return b === undefined ? a : AbortSignal.any([a, b])
}

/** A stream went past the bytes it may have. */
export function tooLong(maxBytes: number, where: Place): CapabilityError {
  return new CapabilityError('LimitExceeded', `the stream is longer than the limit of ${maxBytes} bytes`, {
    ...where,
    details: { limit: 'value', max: maxBytes },
  })
}

/** The signal fired while a stream was being read. */
export function cancelledRead(signal: AbortSignal, where: Place): CapabilityError {
  return cancelled({ ...where, signal })
}

/** The stream's own source failed; its error is the cause. */
export function brokenStream(cause: unknown, where: Place): CapabilityError {
  return new CapabilityError('Unexpected', 'the stream failed before its end', { ...where, cause })
}

/** Refuses a stream somebody else reads. */
export function checkUnlocked(stream: ReadableStream, where: Place): void {
  if (!stream.locked) return
  throw new CapabilityError('InvalidInput', 'the stream is locked: somebody else reads it', where)
}

/** A declared length is only a claim: no more than this is set aside for it before bytes have come. */
const largestGuess = 8 * 1024 * 1024

function grown(bytes: Uint8Array, used: number, size: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(size)
  larger.set(bytes.subarray(0, used))
  return larger
}
