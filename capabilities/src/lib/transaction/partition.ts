/** Partitions: the parts of a store that can each be committed as a whole, where the store cannot be. */

/** Says which partition keeps a key of a store whose info states `partitioned`. */
export interface Partitions {
  of(key: string): string
  /** The partition of all keys that begin with `prefix`; `null` when they can be in several. */
  ofPrefix(prefix: string): string | null
}

/** The partition of an entry is named by its key, up to the first `/`; a key without one is a partition of its own. */
export const keyPartitions: Partitions = {
  of: (key) => key.split('/', 1)[0] ?? '',
  ofPrefix: (prefix) => (prefix.includes('/') ? keyPartitions.of(prefix) : null),
}

/** The ledger's key for a record that is kept in a partition. */
export function keyInPartition(partition: string, key: string): string {
  return `@${partition}/${key}`
}

/** The partition a ledger's key names, and the rest of that key; `null` for a key that names none. */
export function splitPartition(key: string): { readonly partition: string; readonly key: string } | null {
  const end = key.startsWith('@') ? key.indexOf('/') : -1
  return end > 1 ? { partition: key.slice(1, end), key: key.slice(end + 1) } : null
}
