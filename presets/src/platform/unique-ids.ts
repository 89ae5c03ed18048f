/** Identifiers that no other process and no other moment makes again, at the price of a counter. */

export interface UniqueIds {
  /** What all identifiers of this maker begin with: 16 hex digits. */
  readonly prefix: string
  /** The next identifier: the prefix, a dash, a count in base 36; at most 28 characters. */
  next(): string
}

/** Makes identifiers. `random` gives 8 random bytes; default the runtime's. */
export function uniqueIds(
  random: () => Uint8Array = () => crypto.getRandomValues(new Uint8Array(8)),
): UniqueIds {
  const prefix = Array.from(random(), (byte) => byte.toString(16).padStart(2, '0')).join('')
  let count = 0
  return {
    prefix,
    next: () => {
      count += 1
      return `${prefix}-${count.toString(36)}`
    },
  }
}
