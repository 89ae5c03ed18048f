/** The arithmetic of byte ranges, for drivers whose store does not do it. */
import { CapabilityError } from '../error.ts'
import type { ByteRange } from './contract.ts'

/** The bytes `[start, end)` that a range means of an object of `size` bytes; `RangeNotSatisfied` when it starts past them. */
export function resolveRange(range: ByteRange | undefined, size: number): { start: number; end: number } {
  if (range === undefined) return { start: 0, end: size }
  const start = 'suffix' in range ? Math.max(0, size - range.suffix) : range.offset
  if (start >= size) {
    throw new CapabilityError(
      'RangeNotSatisfied',
      `the range starts at ${start}, the object has ${size} bytes`,
      {
        details: { size },
      },
    )
  }
  return { start, end: 'suffix' in range ? size : Math.min(size, start + (range.length ?? size)) }
}
