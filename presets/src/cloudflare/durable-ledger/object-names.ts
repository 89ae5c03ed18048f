/** Which object a dedupe key belongs to: the same one for every caller, always. */
import { utf8Length } from '@flowport/capabilities'

export interface ObjectNaming {
  /** Name of the store: each has objects of its own. */
  readonly name: string
  /** `undefined`: one object for each key. */
  readonly shards: number | undefined
}

/** Longest key that stands in an object's name itself, in bytes: the platform states no limit for names. */
const longestNamedKey = 512

/** The name of the object that keeps `key`. Several keys may share one: records are kept under their whole key. */
export function objectName({ name, shards }: ObjectNaming, key: string): string {
  if (shards !== undefined) return shardName({ name, shards }, hash(key, 0) % shards)
  if (key.length * 3 <= longestNamedKey || utf8Length(key) <= longestNamedKey) return `${name}/${key}`
  return `${name}#${hex(hash(key, 0))}${hex(hash(key, 1))}`
}

/** The name of one of the objects that share the keys, 0 to `shards - 1`. */
export function shardName(
  { name, shards }: { readonly name: string; readonly shards: number },
  shard: number,
) {
  return `${name}#${shard}/${shards}`
}

/** The name of the object that lists the unknown keys of a store with an object for each key. No key's object has it. */
export function indexName(name: string): string {
  return `${name}#unknown`
}

/** FNV-1a over the UTF-8 bytes (http://www.isthe.com/chongo/tech/comp/fnv/), then mixed, so that every bit counts. */
export function hash(text: string, seed: number): number {
  let sum = 0x811c9dc5 ^ seed
  for (const byte of encoder.encode(text)) sum = Math.imul(sum ^ byte, 0x01000193)
  sum = Math.imul(sum ^ (sum >>> 16), 0x85ebca6b)
  sum = Math.imul(sum ^ (sum >>> 13), 0xc2b2ae35)
  return (sum ^ (sum >>> 16)) >>> 0
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0')
}

const encoder = new TextEncoder()
