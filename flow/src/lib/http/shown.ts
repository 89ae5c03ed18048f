/** What of an error's facts a client may see: everything but where things lie on the server's disk. */

/** Deepest level of details that is looked at. What lies deeper is left out. */
const maxDepth = 6

/** The details without `file:` URIs and absolute paths; a field that would show one is left out. */
export function shownDetails(
  details: Readonly<Record<string, unknown>> | undefined,
): Readonly<Record<string, unknown>> | undefined {
  if (details === undefined) return undefined
  const shown = withoutPlaces(details, 0) as Readonly<Record<string, unknown>>
  return Object.keys(shown).length === 0 ? undefined : shown
}

/** A text in which every `file:` URI is replaced. */
export function shownText(text: string): string {
  return text.replaceAll(/\bfile:[^\s"'`,;)]+/gi, 'a file of the server')
}

function withoutPlaces(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return isPlace(value) ? undefined : shownText(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= maxDepth) return undefined
  if (Array.isArray(value))
    return value.map((item) => withoutPlaces(item, depth + 1)).filter((item) => item !== undefined)
  const kept = Object.entries(value).map(([name, item]) => [name, withoutPlaces(item, depth + 1)] as const)
  return Object.fromEntries(kept.filter(([, item]) => item !== undefined))
}

/** A `file:` URI, or an absolute path of Unix, Windows or a network share. */
function isPlace(text: string): boolean {
  return /^(?:file:|\/[^/]|[a-z]:[\\/]|\\\\)/i.test(text)
}
