/** Buckets on a test server, and what a driver does not show of them. */
import { systemClock } from '@flowport/capabilities/system'
import { silentLogger } from '@flowport/capabilities'
import { S3BlobDriver } from '../lib/s3/blob-driver.ts'
import { bucketUrl, S3Client, type S3ClientOptions } from '../lib/s3/client.ts'
import type { S3Profile } from '../lib/s3/profile.ts'
import { elements, text } from '../lib/s3/xml.ts'
import type { Radosgw } from './radosgw.ts'

/** A client of a bucket on the server; the bucket need not be there. */
export function clientFor(
  { endpoint, accessKeyId, secretAccessKey }: Radosgw,
  bucket: string,
  options: Partial<S3ClientOptions> = {},
): S3Client {
  return new S3Client({
    bucketUrl: bucketUrl(endpoint, bucket, 'test'),
    bucket,
    region: 'us-east-1',
    accessKeyId,
    secretAccessKey,
    clock: systemClock,
    ...options,
  })
}

/** Makes the bucket. */
export async function createBucket(client: S3Client): Promise<void> {
  await (await client.send({ method: 'PUT' })).body?.cancel()
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
  const xml = await client.sendForText({ method: 'GET', query: { uploads: '' } })
  return elements(xml, 'Upload').map((upload) => text(upload, 'Key') ?? '')
}
