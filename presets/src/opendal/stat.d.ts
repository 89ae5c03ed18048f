/** Asks what is at a path, where a folder, or a path beneath an object, is no object. */
import type { Metadata, Operator } from 'opendal'
import type { Place } from './place.ts'
/** The metadata of a path, or `null` when no object is there: a folder is none. */
export declare function statOf(
  operator: Operator,
  path: string,
  where: Place,
  signal: AbortSignal | undefined,
): Promise<Metadata | null>
/** Whether a file system refused a path because of what is above or at it. */
export declare function isBeneath(error: unknown): boolean
//# sourceMappingURL=stat.d.ts.map
