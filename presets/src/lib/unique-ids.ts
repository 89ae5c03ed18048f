/** Identifiers that no other process and no other moment makes again, at the price of a counter. */
import { randomBytes } from 'node:crypto'

export interface UniqueIds {
  /** What all identifiers of this maker begin with: 16 hex digits. */
  readonly prefix: string
  /** The next identifier: the prefix, a dash, a count in base 36; at most 28 characters. */
  next(): string
}

/** Makes identifiers. `random` gives 8 bytes; default `node:crypto`. */
export function uniqueIds(random: () => Uint8Array = () => randomBytes(8)): UniqueIds {
  const prefix = Buffer.from(random()).toString('hex')
  let count = 0
  return {
    prefix,
    next: () => {
      count += 1
      return `${prefix}-${count.toString(36)}`
    },
  }
}
