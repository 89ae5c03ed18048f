/** Many values by the platform's bulk read where it is exact, key by key where it is not. */
import { chunks, isKind, type KvDriverGetMany, type StoredKvEntry } from '@flowport/capabilities'
import { inParallel } from './calls.ts'
import { cloudflareKvLimits } from './info.ts'

/** How a driver reads: up to 100 texts at once, and one value as its bytes. */
export interface Reads {
  /** `null` for absent keys; a key it does not tell of is read by itself. */
  readonly texts: (keys: string[]) => Promise<ReadonlyMap<string, string | null>>
  readonly entry: (key: string) => Promise<StoredKvEntry | null>
}

/**
 * Bulk reads give text, so they serve callers who want text or JSON. When the platform refuses one as a whole, because
 * the values are more than 25 MiB together or one is no text, its keys are read one by one.
 */
export async function readMany(
  keys: readonly string[],
  call: KvDriverGetMany,
  { texts, entry }: Reads,
): Promise<ReadonlyMap<string, StoredKvEntry>> {
  const found = new Map<string, StoredKvEntry>()
  const readEach = (some: readonly string[]) =>
    inParallel(some, call, async (key) => {
      const one = await entry(key)
      if (one !== null) found.set(key, one)
    })
  if (call.form !== 'text') {
    await readEach(keys)
    return found
  }
  const untold: string[] = []
  await inParallel(chunks(keys, cloudflareKvLimits.maxBulkKeys), call, async (chunk) => {
    const values = await texts([...chunk]).catch((error: unknown) => {
      if (isKind(error, 'InvalidInput', 'LimitExceeded')) return new Map<string, string | null>()
      throw error
    })
    for (const key of chunk) {
      const value = values.get(key)
      if (value === undefined) untold.push(key)
      else if (value !== null) found.set(key, { value })
    }
  })
  await readEach(untold)
  return found
}
