/** Reads the header of an envelope, and as little else as the service allows. */
import type { Operator } from 'opendal'
import { isKind } from '@flowport/capabilities'
import { headerEnd, openedHeader } from './envelope.ts'
import { sizeOf } from './metadata.ts'
import { native } from './native.ts'
import type { Place } from './place.ts'
import { statOf } from './stat.ts'

/** Bytes read in the hope that they hold the whole header. */
const likelyBytes = 4096

/**
 * The header of what is stored, whose size is `size`; `null` when it was replaced or removed meanwhile. `end` is where the
 * content starts.
 */
export async function readHeader(
  operator: Operator,
  path: string,
  size: number,
  where: Place,
  signal: AbortSignal | undefined,
): Promise<{ readonly header: unknown; readonly end: number } | null> {
  // A small object is read whole, as it is now. A range past its end is an error, and over memory OpenDAL panics.
  const read = (bytes: number) =>
    native(
      () => operator.read(path, size <= likelyBytes ? {} : { offset: 0n, size: BigInt(bytes) }),
      where,
      signal,
    )
  try {
    let start = await read(Math.min(size, likelyBytes))
    const end = headerEnd(start)
    if (end !== null && end > start.byteLength && end <= size) start = await read(end)
    return openedHeader(start, where)
  } catch (error) {
    // The object may be shorter by now.
    const now = isKind(error, 'Cancelled') ? undefined : await statOf(operator, path, where, signal)
    if (now === null || (now !== undefined && sizeOf(now) !== size)) return null
    throw error
  }
}
