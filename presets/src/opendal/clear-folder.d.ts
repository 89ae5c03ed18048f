/** Makes room for an object where its path is a folder that deleted objects have left. */
import type { Operator } from 'opendal'
import type { Place } from './place.ts'
/**
 * Removes the folder at the path when nothing but folders is in it. `Unsupported` when there is more: a rename over it would
 * fail on a file system, and take everything in it away over WebDAV.
 */
export declare function clearFolder(operator: Operator, path: string, where: Place): Promise<void>
//# sourceMappingURL=clear-folder.d.ts.map
