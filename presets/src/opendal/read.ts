/** The content of an object, at its reader's pace: one version from end to end, taken up again where a read was cut off. */
import type { Operator } from 'opendal'
import { cancelledRead, CapabilityError, type Clock, isKind } from '@flowport/capabilities'
import { native, toPlace } from './native.ts'
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
  /** Concurrent ranged reads of OpenDAL. */
  readonly concurrency: number
  /** Whether the service reads ranges. */
  readonly ranges: boolean
  /** Whether it is still the version that was opened; asked where the service takes no condition. */
  unchanged(): Promise<boolean>
}

/** Bytes per chunk of the stream, by measurement the fastest. */
const pieceBytes = 1024 * 1024
/** Tries to go on, without a byte between them. */
const mostResumptions = 3

/** Reads a small object in one call. `null` when another version is there by now. */
export async function readWhole(reading: Reading): Promise<Uint8Array<ArrayBuffer> | null> {
  const { start, end } = reading
  try {
    return await readRange(reading, start, end)
  } catch (error) {
    if (isKind(error, 'ConditionNotMatch', 'NotFound', 'RangeNotSatisfied')) return null
    throw error
  }
}

/** The bytes as a stream. Nothing is read before it is asked for, and no more than a piece ahead. */
export function readStream(reading: Reading): ReadableStream<Uint8Array<ArrayBuffer>> {
  const pieces = piecesOf(reading)
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next()
        if (done === true) controller.close()
        else controller.enqueue(value)
      },
      cancel() {
        // A read under way cannot be ended; whoever leaves need not wait for it.
        pieces.return().catch(() => undefined)
      },
    },
    { highWaterMark: 0 },
  )
}

async function* piecesOf(reading: Reading): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const { start, end, ranges, where, found } = reading
  let at = start
  let failures = 0
  // One request for all of it, as long as it is read from the start and nothing breaks.
  let source = start === 0 && end === found.object.size ? sequential(reading) : ranged(reading, at)
  while (at < end) {
    try {
      const { done, value } = await source.next()
      if (done === true) {
        throw new CapabilityError(
          'Unavailable',
          `the object ended after ${at} of ${end} bytes`,
          toPlace(where),
        )
      }
      at += value.byteLength
      failures = 0
      yield value
    } catch (error) {
      if (!isCut(error) || !ranges || failures === mostResumptions) throw error
      failures += 1
      await pause(reading, 100 * 2 ** failures)
      source = ranged(reading, at)
    }
  }
}

async function pause({ clock, signal, where }: Reading, ms: number): Promise<void> {
  try {
    await clock.sleep(ms, { signal })
  } catch (error) {
    throw signal?.aborted ? cancelledRead(signal, toPlace(where)) : error
  }
}

/** Whether a read may be resumed. It may not where OpenDAL retried in vain. */
function isCut(error: unknown): boolean {
  return isKind(error, 'Unavailable', 'Timeout', 'RateLimited') && error.retryable === 'temporary'
}

/** From the start to the end, in one request where the service has requests. One call at a time: readers take no more. */
async function* sequential(reading: Reading): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const { operator, path, found, end, where, signal, concurrency, chunkBytes } = reading
  const reader = await native(
    () =>
      operator.reader(path, {
        ...conditionOf(reading),
        ...(concurrency > 1 ? { concurrent: concurrency, chunk: chunkBytes } : {}),
      }),
    where,
    signal,
  )
  let skip = found.contentAt
  let buffer = freshBuffer(end + skip)
  let checked = conditionOf(reading).ifMatch !== undefined
  for (;;) {
    const into = buffer
    const length = Number(await native(() => reader.read(into), where, signal))
    if (length === 0) return
    // Without a condition, another version may have come before the reader was opened. From here on it stays with this one.
    if (!checked && !(await reading.unchanged())) throw changed(where)
    checked = true
    const piece = into.subarray(Math.min(skip, length), length)
    skip -= length - piece.byteLength
    if (piece.byteLength === 0) continue
    // A piece that fills little of its buffer is copied, so that many small ones do not hold a buffer each.
    if (length < into.byteLength / 2) yield new Uint8Array(piece)
    else {
      buffer = freshBuffer(pieceBytes)
      yield piece
    }
  }
}

/** From `from` on, chunk by chunk, each a request of its own. */
async function* ranged(reading: Reading, from: number): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  for (let at = from; at < reading.end; at += reading.chunkBytes) {
    yield await readRange(reading, at, Math.min(reading.end, at + reading.chunkBytes))
  }
}

async function readRange(reading: Reading, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  const { operator, path, found, where, signal } = reading
  if (start === end) return new Uint8Array(0)
  const condition = conditionOf(reading)
  const whole = !reading.ranges || (found.contentAt === 0 && start === 0 && end === found.object.size)
  const range = { offset: BigInt(found.contentAt + start), size: BigInt(end - start) }
  const read = await native(
    () => operator.read(path, whole ? condition : { ...condition, ...range }),
    where,
    signal,
  ).catch(async (error: unknown) => {
    // A version that is shorter by now fails in many ways; over memory OpenDAL even panics.
    if (isKind(error, 'Unavailable', 'Unexpected') && (await isReplaced(reading))) throw changed(where)
    throw error
  })
  const bytes = reading.ranges ? read : read.subarray(found.contentAt + start, found.contentAt + end)
  if (bytes.byteLength !== end - start) throw changed(where)
  // A version never comes back: when it is the same now, it was when these bytes were read.
  if (condition.ifMatch === undefined && !(await reading.unchanged())) throw changed(where)
  return ownedBytes(bytes)
}

/** Whether the object was certainly replaced. `false` when that cannot be checked; the reader then gets the first failure. */
async function isReplaced(reading: Reading): Promise<boolean> {
  try {
    return !(await reading.unchanged())
  } catch {
    return false
  }
}

/** Makes the service refuse another version than the one that was opened. */
function conditionOf({ operator, found }: Reading): { readonly ifMatch?: string } {
  if (found.serviceEtag === null || !operator.capability().readWithIfMatch) return {}
  // A weak etag matches nothing.
  return found.serviceEtag.startsWith('W/') ? {} : { ifMatch: found.serviceEtag }
}

function changed(where: Place): CapabilityError {
  return new CapabilityError(
    'ConditionNotMatch',
    'the object was replaced while it was read; read it again',
    toPlace(where),
  )
}

function freshBuffer(expected: number): Buffer<ArrayBuffer> {
  // Not of a pool: the reader owns what it is given.
  return Buffer.allocUnsafeSlow(Math.max(4096, Math.min(pieceBytes, expected)))
}

/** The same bytes in memory of JavaScript's own, which may be transferred and outlives the call. */
function ownedBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes)
}
