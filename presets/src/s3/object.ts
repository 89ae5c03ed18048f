/** Objects and listings from the answers of S3. */
import { type BlobListed, type BlobObject, CapabilityError } from '@flowport/capabilities'
import { metadataOfHeaders } from '../object-http/metadata.ts'
import type { S3Headers } from '../object-http/transport.ts'
import { elements, parseXml, text, type XmlElement } from '../object-http/xml.ts'

/** The object an answer to `GET` or `HEAD` is about. */
export function objectOf(key: string, headers: S3Headers, size: number): BlobObject {
  return {
    key,
    size,
    etag: bareEtag(headers.get('etag')),
    contentType: contentTypeOf(headers.get('content-type')),
    metadata: metadataOfHeaders(headers),
    lastModified: dateOf(headers.get('last-modified')),
  }
}

/** The length of an answer's body. */
export function lengthOf(headers: S3Headers): number {
  const length = headers.get('content-length')
  if (length !== null && /^\d+$/.test(length)) return Number(length)
  throw malformed('an answer without a length')
}

/** The part of an object that an answer holds: `Content-Range: bytes 0-9/100`. */
export function rangeOf(headers: S3Headers): { start: number; end: number; size: number } {
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers.get('content-range') ?? '')
  if (match === null) throw malformed('an answer without its range')
  const [start, last, size] = match.slice(1).map(Number) as [number, number, number]
  return { start, end: last + 1, size }
}

export interface S3Page {
  readonly objects: readonly BlobListed[]
  readonly prefixes: readonly string[]
  readonly token: string | undefined
}

/** A page of `ListObjectsV2`, asked for with `encoding-type=url`. */
export function pageOf(xml: string): S3Page {
  const root = documentOf(xml, 'ListBucketResult')
  const token = text(root, 'NextContinuationToken')
  const truncated = text(root, 'IsTruncated') === 'true'
  // A listing that has more and no way on would be taken for a whole one.
  if (truncated && (token === null || token === '')) throw malformed('a listing without its continuation')
  return {
    objects: elements(root, 'Contents').map((entry) => ({
      key: decodeKey(required(entry, 'Key')),
      size: sizeOf(required(entry, 'Size')),
      etag: bareEtag(text(entry, 'ETag')),
      lastModified: dateOf(text(entry, 'LastModified')),
    })),
    prefixes: elements(root, 'CommonPrefixes').map((entry) => decodeKey(required(entry, 'Prefix'))),
    token: truncated && token !== null ? token : undefined,
  }
}

/**
 * The root element of an answer, with this name if one is given. Throws `Unavailable` for an incomplete document: it was truncated
 * in transit, and a retry may succeed.
 */
export function documentOf(xml: string, name?: string): XmlElement {
  const root = parseXml(xml)
  if (root === null) throw new CapabilityError('Unavailable', "the store's answer came incomplete; try again")
  if (name !== undefined && root.name !== name) throw malformed(`an answer that is no ${name}`)
  return root
}

/** The text of an element that must be there. */
export function required(element: XmlElement, name: string): string {
  const value = text(element, name)
  if (value === null) throw malformed(`an answer without ${name}`)
  return value
}

/** An etag without quotes and weakness. */
export function bareEtag(etag: string | null): string {
  return (etag ?? '').replace(/^W\//, '').replaceAll('"', '')
}

/** The default type that S3 gives an object without a type counts as none. */
function contentTypeOf(type: string | null): string | null {
  return type === '' || type === 'binary/octet-stream' ? null : type
}

export function dateOf(value: string | null): Date {
  const date = new Date(value ?? Number.NaN)
  if (Number.isNaN(date.getTime())) throw malformed('an answer without a date')
  return date
}

/** `encoding-type=url` writes a space as `+`, as forms do. */
function decodeKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '))
  } catch {
    throw malformed('a key it should have encoded')
  }
}

function sizeOf(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  throw malformed('a size that is none')
}

function malformed(what: string): CapabilityError {
  return new CapabilityError(
    'Unexpected',
    `the store sent ${what}; check that the endpoint is an S3 endpoint`,
  )
}
