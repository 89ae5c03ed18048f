/** Lists unknown keys over Durable Objects: from the store's index, or from each of the objects that share its keys. */
import {
  CapabilityError,
  type DriverLook,
  type DriverUnknown,
  type DriverUnknownPage,
} from '@flowport/capabilities'
import type { Outcome } from '../durable/outcome.ts'
import type { LedgerCalls } from './protocol.ts'

/** Asks the object with this name. */
export type Ask = <T>(name: string, of: (ledger: LedgerCalls) => Promise<Outcome<T>>) => Promise<T>

/** Keys of the index that one page looks at: each is a call to the key's object. */
const maxLooks = 100
const looksAtOnce = 16
/** Objects that one page asks where they share the keys. */
const maxShardsAsked = 16

/**
 * A page from the index of a store with an object for each key. The index is told of keys that become unknown and of nothing
 * else, so that settling costs nothing more: each key is asked how it stands, and removed from the index once it is settled.
 */
export async function pageOfIndex(
  ask: Ask,
  { index, objectOf }: { readonly index: string; readonly objectOf: (key: string) => string },
  cursor: string | null,
  limit: number,
): Promise<DriverUnknownPage> {
  const noted = await ask(index, (ledger) => ledger.unknowns(cursor ?? '', Math.min(limit, maxLooks)))
  const looks: DriverLook[] = []
  for (let from = 0; from < noted.keys.length; from += looksAtOnce) {
    const some = noted.keys.slice(from, from + looksAtOnce)
    const found = some.map(({ key }) => ask(objectOf(key), (ledger) => ledger.look(key)))
    looks.push(...(await Promise.all(found)))
  }
  const keys: DriverUnknown[] = []
  const settled: { readonly key: string; readonly fence: number }[] = []
  for (const [i, { key, fence }] of noted.keys.entries()) {
    const found = looks[i]
    if (found?.state === 'unknown') keys.push({ key, fence: found.fence, sinceMs: found.sinceMs })
    // A key in flight may become unknown again under the fence it was noted with.
    else if (found?.state !== 'in_flight') settled.push({ key, fence })
  }
  if (settled.length > 0) await ask(index, (ledger) => ledger.unnote(settled))
  return { keys, cursor: noted.next }
}

/** A page from the objects that share the keys, one after the other. */
export async function pageOfShards(
  ask: Ask,
  { shards, nameOf }: { readonly shards: number; readonly nameOf: (shard: number) => string },
  cursor: string | null,
  limit: number,
): Promise<DriverUnknownPage> {
  let { shard, after } = placeOf(cursor, shards)
  const keys: DriverUnknown[] = []
  for (let asked = 0; asked < maxShardsAsked && shard < shards && keys.length < limit; asked++) {
    const left = limit - keys.length
    const slice = await ask(nameOf(shard), (ledger) => ledger.unknowns(after, left))
    keys.push(...slice.keys)
    if (slice.next === null) shard++
    after = slice.next ?? ''
  }
  return { keys, cursor: shard < shards ? `${shard}:${after}` : null }
}

function placeOf(cursor: string | null, shards: number): { shard: number; after: string } {
  if (cursor === null) return { shard: 0, after: '' }
  const end = cursor.indexOf(':')
  const shard = end > 0 ? Number(cursor.slice(0, end)) : Number.NaN
  if (Number.isInteger(shard) && shard >= 0 && shard < shards) return { shard, after: cursor.slice(end + 1) }
  throw new CapabilityError('InvalidInput', 'the cursor is not one of this ledger; begin without one')
}
