/** Objects from the headers of Azure's answers. */
import { type BlobObject, CapabilityError } from '@flowport/capabilities'
import { bareEtag, lengthOf } from '../s3/object.ts'
import type { S3Headers } from '../object-http/transport.ts'
import { azureMetadataOf } from './metadata.ts'

/** The content type of objects without one: Azure would choose one otherwise. */
export const noContentType = 'binary/octet-stream'

/** The object an answer to `GET` or `HEAD` is about. */
export function azureObject(key: string, headers: S3Headers, size: number): BlobObject {
  const type = headers.get('content-type')
  return {
    key,
    size,
    etag: bareEtag(headers.get('etag')),
    contentType: type === '' || type === noContentType ? null : type,
    metadata: azureMetadataOf(headers),
    lastModified: dateOf(headers),
  }
}

/** The part of an object that an answer with status 206 holds: `Content-Range: bytes 0-9/100`. */
export function azureRangeOf(headers: S3Headers): { start: number; end: number; size: number } {
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers.get('content-range') ?? '')
  if (match === null) {
    throw new CapabilityError(
      'Misconfigured',
      'Azure sent a part without telling which: let the CORS rule of the account expose Content-Range',
    )
  }
  const [start, last, size] = match.slice(1).map(Number) as [number, number, number]
  return { start, end: last + 1, size }
}

export { bareEtag, lengthOf }

function dateOf(headers: S3Headers): Date {
  const date = new Date(headers.get('last-modified') ?? Number.NaN)
  if (!Number.isNaN(date.getTime())) return date
  throw new CapabilityError(
    'Unexpected',
    'Azure sent an answer without a date; check that the endpoint is one of its blob service',
  )
}
