/** Unfinished objects of file systems: where they are, and how those of processes that died are removed. */
import type { Operator } from 'opendal'
/** Where unfinished objects of a file system are; no key is there. */
export declare const stagingFolder = '.flowport-staging/'
/** Removes what nobody has written to for a day, by the clock of the file system: that of the process may be another. */
export declare function removeAbandoned(operator: Operator): Promise<void>
//# sourceMappingURL=staging.d.ts.map
