import type { Place } from './place.ts'
export interface Names {
  /** The path of a key; `InvalidInput` when there is none. */
  toPath(key: string, where: Place): string
  /** The key of a path, or `null` when it is none of ours. */
  toKey(path: string): string | null
  /** The folder that holds every key with the prefix, `''` for the root; else it ends with `/`. */
  folderOf(prefix: string): string
}
/** Keys are paths. `hidden` folders, such as `'staging/'`, are none of the store: not listed, and their keys refused. */
export declare function plainNames(hidden: readonly string[]): Names
/** The same names within a folder, such as `'kv/'`. */
export declare function namesWithin(folder: string, names: Names): Names
/**
 * Every key has a path: what a file system, a URL or OpenDAL would change is written as `%XX`. Folders end with `+`, so that
 * `a` and `a/b` are kept apart; segments longer than 200 bytes go on in folders that end with `=`. With `separator` null,
 * a key is one segment, whatever it holds.
 */
export declare function escapedNames(separator: '/' | null): Names
//# sourceMappingURL=names.d.ts.map
