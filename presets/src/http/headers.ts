/** What the headers of an answer say of an object: its length, version, type, and which part came. */
import { type BlobObject, unversionedEtag } from '@flowport/capabilities'

/** The object as its headers describe it. @param untagged Its version where they tell none. */
export function objectFrom(key: string, headers: Headers, size: number, untagged?: string): BlobObject {
  const modified = Date.parse(headers.get('last-modified') ?? '')
  return {
    key,
    size,
    etag: etagOf(headers, size) ?? untagged ?? unversionedEtag(),
    contentType: headers.get('content-type'),
    metadata: {},
    // Where the server does not say, no time is better than that of the answer: it would always be new.
    lastModified: new Date(Number.isNaN(modified) ? 0 : modified),
  }
}

/**
 * The version: a strong tag as it is, a weak one after `W/`. A server without tags gets a weak one of time and size, and
 * without a time none: by default one that no other answer has, so that nothing is ever taken for unchanged.
 */
function etagOf(headers: Headers, size: number): string | null {
  const [, weak = '', tag = ''] = /^\s*(W\/)?"([\x21\x23-\x7e]+)"\s*$/.exec(headers.get('etag') ?? '') ?? []
  if (tag !== '' && tag !== '*') return weak + tag
  const modified = Date.parse(headers.get('last-modified') ?? '')
  return Number.isNaN(modified) ? null : `W/${modified.toString(16)}-${size.toString(16)}`
}

/** The tag for `If-Match`, which compares strongly; `null` for a weak one. */
export function strongTag(etag: string): string | null {
  return etag.startsWith('W/') ? null : `"${etag}"`
}

/** Length of the object; `null` where it is not told, or told of its encoded form. */
export function lengthOf(headers: Headers): number | null {
  const length = headers.get('content-length')
  if (isEncoded(headers) || length === null || !/^\d{1,15}$/.test(length)) return null
  return Number(length)
}

/** Whether the bytes on the wire are not those of the object. `fetch` decodes them, but their length is another. */
export function isEncoded(headers: Headers): boolean {
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? ''
  return encoding !== '' && encoding !== 'identity'
}

export interface ContentRange {
  readonly start: number
  /** After the last byte. */
  readonly end: number
  /** Of the whole object. */
  readonly size: number
}

/** The part that came, and of how much; `null` where it is not told in full. */
export function contentRangeOf(headers: Headers): ContentRange | null {
  const found = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/i.exec(headers.get('content-range')?.trim() ?? '')
  if (found === null) return null
  const [start, last, size] = found.slice(1).map(Number) as [number, number, number]
  return start <= last && last < size ? { start, end: last + 1, size } : null
}
