/** Counts the unknown keys of every ledger for `/readyz`: seldom, within a bound, and never in the way of an answer. */
import { type Clock, type DedupeStore, domainOf, type ResourceBag } from '@flowport/capabilities'
import type { Runtime } from '../runtime/runtime.ts'

/** The number of keys; `"100+"` where there are at least so many, or where not all of the ledger has been looked at. */
export type UnknownCount = number | `${number}+`

export type UnknownCounts = Readonly<Record<string, UnknownCount>>

/** Milliseconds for which a count is repeated. */
const freshMs = 60_000
/** Milliseconds after which no further page of a ledger is read. */
const budgetMs = 250
/** Milliseconds that an answer waits for a count at most; a later answer has it. */
const patienceMs = 500
/** Keys of one page, and the most that are counted. */
const maxCounted = 100

interface Known {
  at: number
  counts: UnknownCounts
}

const known = new WeakMap<Runtime, Known>()

/**
 * By the name of each ledger that lists its unknown keys. A ledger that could not be asked in time is left out, or has the
 * count of before.
 */
export async function unknownCounts(runtime: Runtime, clock: Clock): Promise<UnknownCounts> {
  const { bag } = runtime
  const names = bag.names().filter((name) => domainOf(name) === 'dedupe')
  let last = known.get(runtime)
  if (last === undefined) known.set(runtime, (last = { at: -Infinity, counts: {} }))
  if (names.length === 0 || clock.monotonic() - last.at < freshMs) return last.counts
  last.at = clock.monotonic()
  const timer = new AbortController()
  const late = clock.sleep(patienceMs, { signal: timer.signal }).catch(() => undefined)
  const counting = Promise.all(names.map((name) => countInto(last, name, bag, clock)))
  await Promise.race([counting, late])
  timer.abort()
  return last.counts
}

/** Never rejects. On Workers it may stop with the answer; the next count begins anew. */
async function countInto(into: Known, name: string, bag: ResourceBag, clock: Clock): Promise<void> {
  try {
    const store = bag.control(name).view('write', undefined) as DedupeStore
    if (store.info.features?.unknowns !== true) return
    const count = await countIn(store, clock)
    into.counts = { ...into.counts, [name]: count }
  } catch {
    // Readiness says whether the store can be reached: a count of it is no reason to be less ready.
  }
}

async function countIn(store: DedupeStore, clock: Clock): Promise<UnknownCount> {
  const startedAt = clock.monotonic()
  let count = 0
  let cursor: string | null = null
  do {
    const page: Awaited<ReturnType<DedupeStore['unknowns']>> = await store.unknowns({
      limit: maxCounted,
      ...(cursor === null ? {} : { cursor }),
    })
    count += page.keys.length
    cursor = page.cursor
  } while (cursor !== null && count < maxCounted && clock.monotonic() - startedAt < budgetMs)
  if (cursor === null && count <= maxCounted) return count
  return `${Math.min(count, maxCounted)}+`
}
