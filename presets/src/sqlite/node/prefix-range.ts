/** A prefix as a range of keys: `prefix <= key < end` uses the primary key, where `LIKE` would read the table. */

/** The first text that sorts after everything that begins with `prefix`; `null` when there is none. */
export function endOfPrefix(prefix: string): string | null {
  // UTF-8 bytes sort as code points do, so the last code point that can grow by one grows.
  const points = Array.from(prefix, (char) => char.codePointAt(0) ?? 0)
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last === 0x10ffff) continue
    // The code points between these two are surrogates, which no text holds.
    points.push(last === 0xd7ff ? 0xe000 : last + 1)
    return String.fromCodePoint(...points)
  }
  return null
}
