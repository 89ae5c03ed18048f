/** Creates a bucket and returns the environment variables that select it. */
import type { Radosgw } from '@flowport/presets/test/radosgw'
import { clientFor, createBucket } from '@flowport/presets/test/s3-bucket'

export async function newBucket(server: Radosgw, bucket: string): Promise<Readonly<Record<string, string>>> {
  await createBucket(clientFor(server, bucket))
  const { endpoint, accessKeyId, secretAccessKey } = server
  return {
    S3_BUCKET: bucket,
    S3_REGION: 'us-east-1',
    S3_ENDPOINT: endpoint,
    S3_ACCESS_KEY_ID: accessKeyId,
    S3_SECRET_ACCESS_KEY: secretAccessKey,
    S3_PROVIDER: 'ceph',
  }
}
