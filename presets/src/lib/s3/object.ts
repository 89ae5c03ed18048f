/** Objects and listings as S3 tells them. */
import { type BlobListed, type BlobObject, CapabilityError } from '@flowport/capabilities'
import { metadataOfHeaders } from './metadata.ts'
import { elements, rootName, text } from './xml.ts'

/** The object an answer to `GET` or `HEAD` is about. */
export function objectOf(key: string, headers: Headers, size: number): BlobObject {
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
export function lengthOf(headers: Headers): number {
  const length = headers.get('content-length')
  if (length !== null && /^\d+$/.test(length)) return Number(length)
  throw malformed('an answer without a length')
}

/** The part of an object that an answer holds: `Content-Range: bytes 0-9/100`. */
export function rangeOf(headers: Headers): { start: number; end: number; size: number } {
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
  if (rootName(xml) !== 'ListBucketResult') throw malformed('a listing that is none')
  const token = text(xml, 'NextContinuationToken')
  return {
    objects: elements(xml, 'Contents').map((entry) => ({
      key: decodeKey(required(entry, 'Key')),
      size: Number(required(entry, 'Size')),
      etag: bareEtag(text(entry, 'ETag')),
      lastModified: dateOf(text(entry, 'LastModified')),
    })),
    prefixes: elements(xml, 'CommonPrefixes').map((entry) => decodeKey(required(entry, 'Prefix'))),
    token: text(xml, 'IsTruncated') === 'true' && token !== null && token !== '' ? token : undefined,
  }
}

/** The text of an element that must be there. */
export function required(xml: string, name: string): string {
  const value = text(xml, name)
  if (value === null) throw malformed(`an answer without ${name}`)
  return value
}

/** An etag without quotes and weakness. */
export function bareEtag(etag: string | null): string {
  return (etag ?? '').replace(/^W\//, '').replaceAll('"', '')
}

/** What S3 says of an object that was put without a type is no type. */
function contentTypeOf(type: string | null): string | null {
  return type === '' || type === 'binary/octet-stream' ? null : type
}

function dateOf(value: string | null): Date {
  const date = new Date(value ?? Number.NaN)
  if (Number.isNaN(date.getTime())) throw malformed('an answer without a date')
  return date
}

/** `encoding-type=url` writes a space as `+`, as forms do. */
function decodeKey(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll('+', ' '))
}

function malformed(what: string): CapabilityError {
  return new CapabilityError(
    'Unexpected',
    `the store sent ${what}; check that the endpoint is an S3 endpoint`,
  )
}
