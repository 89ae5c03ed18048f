/** The name somebody most likely meant. */

/** ` (did you mean "x"?)` where one of the names is close, else nothing. */
export function didYouMean(name: string, names: Iterable<string>): string {
  let best: string | undefined
  let least = Math.max(2, Math.floor(name.length / 3)) + 1
  for (const candidate of names) {
    // As "int" for "integer".
    if (name.length > 2 && candidate.startsWith(name)) return ` (did you mean "${candidate}"?)`
    if (Math.abs(candidate.length - name.length) >= least) continue
    const steps = distance(name.toLowerCase(), candidate.toLowerCase())
    if (steps < least) [best, least] = [candidate, steps]
  }
  return best === undefined ? '' : ` (did you mean "${best}"?)`
}

/** Letters to put in, take out or change. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
