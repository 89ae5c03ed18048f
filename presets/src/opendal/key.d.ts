import type { Place } from './place.ts'
/**
 * Keys the contract has, but OpenDAL changes without a word. It trims white space at both ends of a path (Rust's, which is not
 * quite JavaScript's), and where a service lists in XML, U+0085 and U+2028 come back as line feeds.
 */
export declare const refusedKeys: RegExp
/** What is wrong with a path, or `null` when OpenDAL takes it as it is and keeps it within the root. */
export declare function pathFault(path: string): string | null
/** The path, when `pathFault` finds nothing; `InvalidInput` otherwise. */
export declare function checkedPath(path: string, where: Place): string
//# sourceMappingURL=key.d.ts.map
