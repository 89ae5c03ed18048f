/** Suggests the name that a misspelled one most likely means. */
import { distance } from 'fastest-levenshtein'

/** Longer names get no suggestion: comparing takes time by the product of both lengths, and files may be hostile. */
const longestName = 64

/** Names compared at most, for the same reason: a file can hold thousands of wrong names and thousands of right ones. */
const mostNames = 200

/** ` (did you mean "x"?)` when one of the first 200 names is close, else an empty text. */
export function didYouMean(name: string, names: Iterable<string>): string {
  if (name.length > longestName) return ''
  let best: string | undefined
  let least = Math.max(2, Math.floor(name.length / 3)) + 1
  let compared = 0
  for (const candidate of names) {
    if (++compared > mostNames) break
    // As "int" for "integer".
    if (name.length > 2 && candidate.startsWith(name)) return ` (did you mean "${candidate}"?)`
    if (Math.abs(candidate.length - name.length) >= least) continue
    const steps = distance(name.toLowerCase(), candidate.toLowerCase())
    if (steps < least) [best, least] = [candidate, steps]
  }
  return best === undefined ? '' : ` (did you mean "${best}"?)`
}
