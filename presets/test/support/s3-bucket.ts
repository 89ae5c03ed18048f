/** Buckets on a test server, and what a driver does not show of them. */
import { systemClock } from '@flowport/capabilities/system'
import { silentLogger } from '@flowport/capabilities'
import { S3BlobDriver } from '../../src/s3/blob-driver.ts'
import { bucketUrl } from '../../src/object-http/bucket-url.ts'
import { S3Client, type S3ClientOptions } from '../../src/s3/client.ts'
import { nodeS3Client } from '../../src/s3/node/client.ts'
import type { S3Profile } from '../../src/s3/profile.ts'
import { pendingUploads as listPending } from '../../src/s3/pending-uploads.ts'
import type { Radosgw } from './radosgw.ts'

/** A client of a bucket on the server; the bucket need not be there. */
export function clientFor(
  { endpoint, accessKeyId, secretAccessKey }: Radosgw,
  bucket: string,
  options: Partial<S3ClientOptions> = {},
): S3Client {
  return new S3Client({ ...optionsFor({ endpoint, accessKeyId, secretAccessKey }, bucket), ...options })
}

/** The same over undici, as on Node. Its idle connections are closed with the process. */
export function nodeClientFor(
  server: Radosgw,
  bucket: string,
  options: Partial<S3ClientOptions> = {},
): S3Client {
  return nodeS3Client({ ...optionsFor(server, bucket), ...options })
}

function optionsFor({ endpoint, accessKeyId, secretAccessKey }: Radosgw, bucket: string): S3ClientOptions {
  return {
    bucketUrl: bucketUrl(endpoint, bucket, 'test'),
    bucket,
    region: 'us-east-1',
    accessKeyId,
    secretAccessKey,
    clock: systemClock,
  }
}

/** Makes the bucket. */
export async function createBucket(client: S3Client): Promise<void> {
  await client.sendForHeaders({ method: 'PUT' })
}

/** Deletes every object of the bucket. */
export async function emptyBucket(client: S3Client, profile: S3Profile): Promise<void> {
  const driver = new S3BlobDriver({ client, profile, log: silentLogger })
  for (;;) {
    const { objects } = await driver.list({ prefix: '', limit: 1000 })
    if (objects.length === 0) return
    await driver.deleteMany(
      objects.map(({ key }) => key),
      {},
    )
  }
}

/** Keys of multipart uploads that were begun and neither completed nor aborted. */
export async function pendingUploads(client: S3Client): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of listPending(client, '')) keys.push(key)
  return keys
}
