/** Deletes one path. */
import type { Operator } from 'opendal'
import type { Place } from './place.ts'
/** Removes what is at the path; what is absent, or a folder with something in it, is left as it is without an error. */
export declare function removeObject(
  operator: Operator,
  path: string,
  where: Place,
  signal: AbortSignal | undefined,
): Promise<void>
//# sourceMappingURL=remove.d.ts.map
