/** Patterns in URIs, such as `opfs://data/*.parquet`: `?`, `*` within a segment, `**` over any of them, `[abc]`, `[!a-c]`. */
import { CapabilityError, compareUtf8 } from '@flowport/capabilities'
import type { UriStorageReader } from '@flowport/capabilities/storage'

/** Most files one pattern may stand for. */
const maxFiles = 10_000

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

type Fits = (character: string) => boolean

/** One part of a pattern. `**` with a slash is two parts: any number of whole folders, and the rest of a folder's name. */
type Part =
  | { readonly kind: 'one'; readonly fits: Fits }
  | { readonly kind: 'run'; readonly fits: Fits }
  | { readonly kind: 'folders' }
  | { readonly kind: 'folder-name' }

const isInSegment: Fits = (character) => character !== '/'

/**
 * Matches whole URIs. Time grows by the product of both lengths, whatever the pattern: every place in the pattern that the
 * characters so far can lead to is followed at once.
 */
export function globMatcher(pattern: string): { test(uri: string): boolean } {
  const parts = partsOf(pattern)
  return {
    test(uri) {
      let places = withSkipped(parts, [0])
      for (const character of uri) {
        const next = places.flatMap((place) => nextPlace(parts[place], place, character) ?? [])
        if (next.length === 0) return false
        places = withSkipped(parts, next)
      }
      return places.includes(parts.length)
    },
  }
}

function nextPlace(part: Part | undefined, place: number, character: string): number | undefined {
  switch (part?.kind) {
    case 'one':
      return part.fits(character) ? place + 1 : undefined
    case 'run':
      return part.fits(character) ? place : undefined
    case 'folders':
      return isInSegment(character) ? place + 1 : undefined
    case 'folder-name':
      return isInSegment(character) ? place : place - 1
    case undefined:
      return undefined
  }
}

/** The places, and those behind parts that may match nothing. */
function withSkipped(parts: readonly Part[], from: readonly number[]): readonly number[] {
  const places = new Set<number>()
  for (let place of from) {
    while (!places.has(place)) {
      places.add(place)
      const kind = parts[place]?.kind
      if (kind === 'run') place += 1
      else if (kind === 'folders') place += 2
    }
  }
  return [...places]
}

function partsOf(pattern: string): readonly Part[] {
  const parts: Part[] = []
  let at = 0
  while (at < pattern.length) {
    const rest = pattern.slice(at)
    const set = /^\[(!?)([^\]/]+)\]/.exec(rest)
    if (rest.startsWith('**/')) {
      parts.push({ kind: 'folders' }, { kind: 'folder-name' })
      at += 3
    } else if (rest.startsWith('**')) {
      parts.push({ kind: 'run', fits: () => true })
      at += 2
    } else if (rest.startsWith('*')) {
      parts.push({ kind: 'run', fits: isInSegment })
      at += 1
    } else if (rest.startsWith('?')) {
      parts.push({ kind: 'one', fits: isInSegment })
      at += 1
    } else if (set !== null) {
      const [whole, not, members = ''] = set
      const safe = members.replaceAll(/[\\\]^[&|~]/g, String.raw`\$&`)
      const isMember = new RegExp(`^[${not === '!' ? '^' : ''}${safe}]$`, 'su')
      parts.push({ kind: 'one', fits: (character) => character !== '/' && isMember.test(character) })
      at += whole.length
    } else {
      const exact = String.fromCodePoint(rest.codePointAt(0) ?? 0)
      parts.push({ kind: 'one', fits: (character) => character === exact })
      at += exact.length
    }
  }
  return parts
}
