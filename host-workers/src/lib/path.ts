/** Path parameters from a URL as it was sent: decoded once, segment by segment. */
import { badPath, pathTooLong } from '@flowport/flow/http'

/** Longest parameter in characters as sent: room for any key a store takes. */
const longestParam = 8 * 1024

/** The parameters of a path that matched `pattern`, such as `/api/notes/:id`. */
export function pathParams(pattern: string, path: string): Readonly<Record<string, string>> {
  const params: Record<string, string> = {}
  const segments = path.split('/')
  for (const [index, part] of pattern.split('/').entries()) {
    if (!part.startsWith(':')) continue
    const sent = segments[index] ?? ''
    if (sent.length > longestParam) throw pathTooLong()
    params[part.slice(1)] = decoded(sent)
  }
  return params
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw badPath()
  }
}
