/** Multipart uploads that were begun and neither completed nor aborted: they cost storage and no listing of objects shows them. */
import type { S3Client } from './client.ts'
import { dateOf, documentOf, required } from './object.ts'
import { elements, text } from '../object-http/xml.ts'

export interface PendingUpload {
  readonly key: string
  readonly uploadId: string
  readonly initiated: Date
}

/**
 * All uploads whose keys begin with `prefix`, page by page. Keys are not asked for encoded: Ceph then encodes them without
 * saying so, and others do not.
 */
export async function* pendingUploads(
  client: S3Client,
  prefix: string,
  signal?: AbortSignal,
): AsyncGenerator<PendingUpload, void, void> {
  let marker: { readonly key: string; readonly uploadId: string } | undefined
  do {
    const xml = await client.sendForText({
      method: 'GET',
      query: {
        uploads: '',
        prefix,
        ...(marker === undefined ? {} : { 'key-marker': marker.key, 'upload-id-marker': marker.uploadId }),
      },
      signal,
    })
    const root = documentOf(xml, 'ListMultipartUploadsResult')
    for (const upload of elements(root, 'Upload')) {
      yield {
        key: required(upload, 'Key'),
        uploadId: required(upload, 'UploadId'),
        initiated: dateOf(text(upload, 'Initiated')),
      }
    }
    marker =
      text(root, 'IsTruncated') === 'true'
        ? { key: required(root, 'NextKeyMarker'), uploadId: text(root, 'NextUploadIdMarker') ?? '' }
        : undefined
  } while (marker !== undefined)
}

/** Ends an upload. One that is gone already is no error. */
export async function abortUpload(
  client: S3Client,
  { key, uploadId }: Pick<PendingUpload, 'key' | 'uploadId'>,
  signal?: AbortSignal,
): Promise<void> {
  await client.sendForHeaders({ method: 'DELETE', key, query: { uploadId }, expect: [404], signal })
}

/**
 * Aborts all uploads of a key, for an engine that does not know the ids of its uploads. An upload of another writer is aborted too:
 * that put fails, and can be repeated.
 */
export async function abortUploads(client: S3Client, key: string): Promise<void> {
  const signal = AbortSignal.timeout(cleanUpMs)
  for await (const upload of pendingUploads(client, key, signal)) {
    if (upload.key === key) await abortUpload(client, upload, signal)
  }
}

const cleanUpMs = 10_000

/** The number of parts of an upload, or `null` when the upload does not exist. */
export async function countParts(
  client: S3Client,
  { key, uploadId }: Pick<PendingUpload, 'key' | 'uploadId'>,
  signal?: AbortSignal,
): Promise<number | null> {
  const query = { 'max-parts': '1', uploadId }
  const answer = await client.send({ method: 'GET', key, query, expect: [404], signal })
  const xml = await answer.text()
  return answer.status === 404 ? null : elements(documentOf(xml, 'ListPartsResult'), 'Part').length
}
