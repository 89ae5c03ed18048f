/** Entity tags (RFC 9110, 8.8.3): read from headers, made for stored objects, compared strongly and weakly. */
import { isUnversioned } from '@flowport/capabilities'

export interface EntityTag {
  /** The text between the quotes. */
  readonly opaque: string
  readonly weak: boolean
}

/** `If-Match` and `If-None-Match` name any version, or a list of versions. */
export type TagList = '*' | readonly EntityTag[]

/** The tag of a stored object; `null` where its store gives no version. Stores mark a weak etag with `W/`. */
export function entityTagOf(etag: string): EntityTag | null {
  if (isUnversioned(etag)) return null
  const weak = etag.startsWith('W/')
  const opaque = weak ? etag.slice(2) : etag
  return /^[\x21\x23-\x7e]+$/.test(opaque) ? { opaque, weak } : null
}

/** The tag as the `ETag` header has it. */
export function tagText({ opaque, weak }: EntityTag): string {
  return `${weak ? 'W/' : ''}"${opaque}"`
}

/** The tags of a header; `null` when it is malformed. Empty list elements are skipped (RFC 9110, 5.6.1.2). */
export function parseTagList(header: string): TagList | null {
  if (header.trim() === '*') return '*'
  const tags: EntityTag[] = []
  const tag = /(W\/)?"([\x21\x23-\x7e\u0080-\uffff]*)"/y
  let at = 0
  while (at < header.length) {
    if (isSeparator(header[at])) {
      at++
      continue
    }
    tag.lastIndex = at
    const found = tag.exec(header)
    if (found === null) return null
    tags.push({ weak: found[1] !== undefined, opaque: found[2] ?? '' })
    at = tag.lastIndex
    while (header[at] === ' ' || header[at] === '\t') at++
    if (at < header.length && header[at] !== ',') return null
  }
  return tags.length === 0 ? null : tags
}

/** Strong comparison: both tags are strong and equal. */
export function matchesStrongly(list: readonly EntityTag[], current: EntityTag | null): boolean {
  if (current === null || current.weak) return false
  return list.some(({ opaque, weak }) => !weak && opaque === current.opaque)
}

/** Weak comparison: the tags are equal, whether or not one of them is weak. */
export function matchesWeakly(list: readonly EntityTag[], current: EntityTag | null): boolean {
  return current !== null && list.some(({ opaque }) => opaque === current.opaque)
}

function isSeparator(character: string | undefined): boolean {
  return character === ',' || character === ' ' || character === '\t'
}
