import { type BlobDriver, createBlobStore, silentLogger } from '@flowport/capabilities'
import { blobConformance } from '@flowport/capabilities/testing'
import { describe, it } from 'vitest'
import { cephProfile } from '../../test/ceph-profile.ts'
import { startRadosgw, withoutRadosgw } from '../../test/radosgw.ts'
import { clientFor, createBucket, emptyBucket } from '../../test/s3-bucket.ts'
import { S3BlobDriver } from './blob-driver.ts'

// Layered it runs under R2's driver, in `cloudflare-r2.test.ts`.
const server = await startRadosgw()
if (server === null) describe.skip('S3BlobDriver on radosgw, bare', () => it(withoutRadosgw, () => undefined))
else {
  const client = clientFor(server, 'conformance')
  await createBucket(client)
  // The suite's large streams have about 6 MB: two parts of the smallest there may be.
  const partBytes = 5 * 1024 * 1024
  const driver = (): BlobDriver =>
    new S3BlobDriver({ client, profile: cephProfile, log: silentLogger, partBytes })
  blobConformance('S3BlobDriver on radosgw, bare', {
    clock: 'real',
    features: cephProfile.info.features,
    open: async () => {
      await emptyBucket(client, cephProfile)
      return { blob: createBlobStore(driver()), reopen: () => createBlobStore(driver()) }
    },
  })
}
