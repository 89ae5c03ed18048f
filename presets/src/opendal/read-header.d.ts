/** Reads the header of an envelope, and as little else as the service allows. */
import type { Operator } from 'opendal'
import type { Place } from './place.ts'
/**
 * The header of what is stored, whose size is `size`; `null` when it was replaced or removed meanwhile. `end` is where the
 * content starts.
 */
export declare function readHeader(
  operator: Operator,
  path: string,
  size: number,
  where: Place,
  signal: AbortSignal | undefined,
): Promise<{
  readonly header: unknown
  readonly end: number
} | null>
//# sourceMappingURL=read-header.d.ts.map
