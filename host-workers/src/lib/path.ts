/** Reads path parameters from the raw URL: each segment is decoded one time. */
import { badPath, pathTooLong } from '@flowport/flow/http'

/** Maximum length of a parameter as sent, in characters: enough for a key of any store. */
const longestParam = 8 * 1024

/** Returns the parameters of a path that matched `pattern`, such as `/api/notes/:id`. */
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
