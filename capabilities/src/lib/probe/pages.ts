/** Walks a listing page by page and says what is wrong with it: order, gaps, repeats, pages that are too large. */

export interface Page {
  readonly keys: readonly string[]
  readonly cursor: string | undefined
}

/** Most pages to take from a cursor that may never end. */
const mostPages = 500

/** What is wrong with the pages, or `null`. `expected` are the keys, in order. */
export async function pagesFault(
  expected: readonly string[],
  limit: number,
  page: (cursor: string | undefined, limit: number) => Promise<Page>,
): Promise<string | null> {
  const found: string[] = []
  let cursor: string | undefined
  for (let pages = 0; pages < mostPages; pages++) {
    const next = await page(cursor, limit)
    if (next.keys.length > limit) return `a page of at most ${limit} had ${next.keys.length}`
    found.push(...next.keys)
    if (next.cursor === undefined) return keysFault(expected, found, `pages of ${limit}`)
    cursor = next.cursor
  }
  return `the listing did not end after ${mostPages} pages of ${limit}`
}

/** What is wrong with a list of keys, or `null`. */
export function keysFault(
  expected: readonly string[],
  found: readonly string[],
  where: string,
): string | null {
  const repeated = found.find((key, i) => found.indexOf(key) !== i)
  if (repeated !== undefined) return `${where} repeat ${JSON.stringify(repeated)}`
  const missing = expected.find((key) => !found.includes(key))
  if (missing !== undefined) return `${where} lack ${JSON.stringify(missing)}`
  const foreign = found.find((key) => !expected.includes(key))
  if (foreign !== undefined) return `${where} have ${JSON.stringify(foreign)}, which should not be there`
  const misplaced = found.find((key, i) => key !== expected[i])
  return misplaced === undefined
    ? null
    : `${where} are not in UTF-8 byte order at ${JSON.stringify(misplaced)}`
}
