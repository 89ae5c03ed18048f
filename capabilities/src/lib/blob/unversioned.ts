/** Etags of objects whose store gives neither an etag nor a date: recognisable, so that no one compares them. */
import { systemRng } from '../system/rng.ts'

const prefix = 'W/none'

/** An etag for one answer about such an object. The next answer gets another, so that nothing is taken for unchanged. */
export function unversionedEtag(): string {
  return `${prefix}-${systemRng.uuid()}`
}

/** Whether the etag says that the store gives no version of the object. */
export function isUnversioned(etag: string): boolean {
  return etag === '' || etag.startsWith(prefix)
}
