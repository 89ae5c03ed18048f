/** Ends uploads that a failed put left behind, which OpenDAL cannot: over the XML API, where they are as those of S3. */
import type { Clock } from '@flowport/capabilities'
import { bucketUrl } from '../object-http/bucket-url.ts'
import { S3Client } from '../s3/client.ts'
import { fetchTransport } from '../object-http/fetch-transport.ts'
import { abortUpload, pendingUploads } from '../s3/pending-uploads.ts'
import type { S3Transport } from '../object-http/transport.ts'
import { accessToken } from './access-token.ts'
import type { GcsConfig } from './config.ts'

/**
 * Ends all uploads of a key. OpenDAL tells no upload's id, so one of another writer goes too: its put fails, and can be
 * done again. https://cloud.google.com/storage/docs/xml-api/delete-multipart
 */
export async function abortUploads(config: GcsConfig, clock: Clock, key: string): Promise<void> {
  const signal = AbortSignal.timeout(cleanUpMs)
  const { bucket, endpoint = 'https://storage.googleapis.com' } = config
  const client = new S3Client({
    bucketUrl: bucketUrl(endpoint, bucket, 'gcs'),
    bucket,
    region: 'auto',
    credentials: 'anonymous',
    clock,
    transport: withToken(await accessToken(config, signal)),
  })
  const full = config.root.replace(/^\/+|(?<!\/)\/+$/g, '')
  const path = full === '' ? key : `${full}/${key}`
  for await (const upload of pendingUploads(client, path, signal)) {
    if (upload.key === path) await abortUpload(client, upload, signal)
  }
}

/** Google's own authentication instead of a signature, and none of the headers that belong to signatures. */
function withToken(token: string | null): S3Transport {
  const { decodes, send } = fetchTransport()
  const authorization: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` }
  return { decodes, send: (request) => send({ ...request, headers: authorization }) }
}

const cleanUpMs = 10_000
