/** Deletes recorded bodies whose time is over. A store may hold many of them: each sweep goes on where the last one ended. */
import type { BlobStore } from '@flowport/capabilities'
import { answersPrefix, placeOf } from './place.ts'

/** Milliseconds that a body stays longer than its record: a replay that began in time is read to its end. */
const graceMs = 3_600_000

/** Most pages that one sweep looks at. */
const maxPages = 10

export interface ExpiredAnswers {
  /** Resolves how many objects were deleted. */
  delete(store: BlobStore, now: number): Promise<number>
}

export function expiredAnswers(): ExpiredAnswers {
  let cursor: string | undefined
  return {
    async delete(store, now) {
      let count = 0
      for (let pages = 0; pages < maxPages; pages++) {
        const page = await store.list({ prefix: answersPrefix, ...(cursor === undefined ? {} : { cursor }) })
        const keys = page.objects.map(({ key }) => key).filter((key) => isExpired(key, now))
        await store.deleteMany(keys)
        count += keys.length
        cursor = page.cursor
        if (page.listComplete) return count
      }
      return count
    },
  }
}

/** Keys that no recording has written are left alone. */
function isExpired(key: string, now: number): boolean {
  const place = placeOf(key)
  return place !== null && place.expiresAt + graceMs < now
}
