/** The options of a listing as one stretch of keys, so that drivers need know nothing of prefixes and cursors. */
import { compareUtf8 } from '../byte-order.ts'
import { decodeCursor } from '../cursor.ts'
import { CapabilityError } from '../error.ts'
import type { StateRange } from './contract.ts'
import type { StateKeyRange } from './driver.ts'

interface Place {
  readonly capability: string
  readonly operation: string
  readonly key?: string
}

/** The stretch, or `null` when no key can be in it. */
export function keyRange(
  { prefix = '', start = '', end, reverse = false }: StateRange,
  cursor: string | undefined,
  where: Place,
): StateKeyRange | null {
  for (const bound of [prefix, start, end ?? '']) {
    if (typeof bound === 'string' && bound.isWellFormed() && !bound.includes('\0')) continue
    throw new CapabilityError(
      'InvalidInput',
      'prefix, start and end must be well-formed text without NUL',
      where,
    )
  }
  const from = compareUtf8(prefix, start) < 0 ? start : prefix
  const to = earlier(endOfPrefix(prefix), end ?? null)
  if (to !== null && compareUtf8(from, to) >= 0) return null
  return { from, to, after: cursor === undefined ? null : decodeCursor(cursor), reverse }
}

/** Whether the key lies in the stretch. */
export function isInRange(key: string, { from, to, after, reverse }: StateKeyRange): boolean {
  if (compareUtf8(key, from) < 0 || (to !== null && compareUtf8(key, to) >= 0)) return false
  return after === null || (reverse ? compareUtf8(key, after) < 0 : compareUtf8(key, after) > 0)
}

function earlier(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b
  return compareUtf8(a, b) < 0 ? a : b
}

/** The first text that sorts after everything that begins with `prefix`; `null` when there is none. */
function endOfPrefix(prefix: string): string | null {
  // UTF-8 bytes sort as code points do, so the last code point that can grow by one grows.
  const points = Array.from(prefix, (char) => char.codePointAt(0) ?? 0)
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last === 0x10ffff) continue
    // The code points between these two are surrogates, which no text holds.
    points.push(last === 0xd7ff ? 0xe000 : last + 1)
    return String.fromCodePoint(...points)
  }
  return null
}
