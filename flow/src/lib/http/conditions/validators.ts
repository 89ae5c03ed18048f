/** What conditions on a stored object are evaluated against: its entity tag and the second it was last modified. */
import { entityTagOf } from './entity-tag.ts'
import type { Validators } from './preconditions.ts'

/** Stores without dates give the epoch, which is taken for none. */
export function validatorsOf({
  etag,
  lastModified,
}: {
  readonly etag: string
  readonly lastModified?: string | Date
}): Validators {
  const time = lastModified === undefined ? Number.NaN : new Date(lastModified).getTime()
  const modified = Math.floor(time / 1000) * 1000
  return { tag: entityTagOf(etag), modified: modified > 0 ? modified : null }
}
