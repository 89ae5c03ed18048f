/**
 * Groups of keys, which the directory of a store lists. A partition has two: its bare name, for the entry of exactly that
 * key, and the name with a `/`, for all the others. Sorted as texts, the groups come in the order of their keys, because no
 * name of a partition has a `/`.
 */
/** The group that a key is in. */
export function groupOf(key: string): string {
  const end = key.indexOf('/')
  return end === -1 ? key : key.slice(0, end + 1)
}
