/** Patterns in URIs, such as `opfs://data/*.parquet`: `?`, `*` within a segment, `**` over any of them, `[abc]`, `[!a-c]`. */
import { CapabilityError, compareUtf8 } from '@flowport/capabilities'
import type { UriStorageReader } from '@flowport/capabilities/storage'

/** Most files one pattern may stand for. */
const maxFiles = 10_000

/** Most runs of stars in a pattern: each more makes matching slower by a power. */
const maxStars = 6

/** Not URLs: `?` begins their query, and the web cannot be listed. */
export function isGlob(uri: string): boolean {
  return !/^https?:/i.test(uri) && /[*?[]/.test(uri)
}

/** The files the pattern matches, in UTF-8 byte order. None at all is `NotFound`. */
export async function expandGlob(
  storage: UriStorageReader,
  pattern: string,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const folder = pattern.slice(0, pattern.slice(0, pattern.search(/[*?[]/)).lastIndexOf('/') + 1)
  const matcher = globMatcher(pattern)
  const isDeep = pattern.slice(folder.length).includes('/')
  const uris: string[] = []
  for await (const entry of storage.entries(folder, { recursive: isDeep, ...(signal && { signal }) })) {
    if (entry.kind !== 'file' || !matcher.test(entry.uri)) continue
    if (uris.push(entry.uri) <= maxFiles) continue
    const message = `the pattern "${pattern}" stands for more than ${maxFiles} files; make it narrower`
    throw new CapabilityError('LimitExceeded', message, { key: pattern })
  }
  if (uris.length > 0) return uris.sort(compareUtf8)
  throw new CapabilityError('NotFound', `no file matches the pattern "${pattern}"`, { key: pattern })
}

/** Matches whole URIs. */
export function globMatcher(pattern: string): RegExp {
  if ((pattern.match(/\*+/g)?.length ?? 0) > maxStars) {
    throw new CapabilityError('InvalidInput', `a pattern may have ${maxStars} runs of stars at most`, {
      key: pattern,
    })
  }
  let source = ''
  let at = 0
  while (at < pattern.length) {
    const rest = pattern.slice(at)
    const set = /^\[(!?)([^\]/]+)\]/.exec(rest)
    if (rest.startsWith('**/')) [source, at] = [`${source}(?:[^/]+/)*`, at + 3]
    else if (rest.startsWith('**')) [source, at] = [`${source}.*`, at + 2]
    else if (rest.startsWith('*')) [source, at] = [`${source}[^/]*`, at + 1]
    else if (rest.startsWith('?')) [source, at] = [`${source}[^/]`, at + 1]
    else if (set !== null) {
      const [whole, not, members] = set
      const safe = (members ?? '').replaceAll(/[\\\]^[&|~]/g, String.raw`\$&`)
      ;[source, at] = [`${source}(?!/)[${not === '!' ? '^' : ''}${safe}]`, at + whole.length]
    } else {
      const character = String.fromCodePoint(rest.codePointAt(0) ?? 0)
      source += character.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)
      at += character.length
    }
  }
  return new RegExp(`^${source}$`, 'su')
}
