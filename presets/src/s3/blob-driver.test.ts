import { createBlobStore, silentLogger } from '@flowport/capabilities'
import { blobConformance } from '@flowport/capabilities/testing'
import { describe, it } from 'vitest'
import { startRadosgw, withoutRadosgw } from '../../test/support/radosgw.ts'
import { clientFor, createBucket, emptyBucket, nodeClientFor } from '../../test/support/s3-bucket.ts'
import { S3BlobDriver } from './blob-driver.ts'
import { cephProfile } from './profiles/ceph.ts'

// Layered it runs under the preset, in `s3.test.ts`, and under R2's driver, in `cloudflare-r2.test.ts`.
const server = await startRadosgw()
if (server === null) describe.skip('S3BlobDriver on radosgw, bare', () => it(withoutRadosgw, () => undefined))
else {
  const transports = [
    ['fetch', clientFor(server, 'over-fetch')],
    ['undici', nodeClientFor(server, 'over-undici')],
  ] as const
  // The suite's large streams have about 6 MB: two parts of the smallest there may be.
  const partBytes = 5 * 1024 * 1024
  for (const [name, client] of transports) {
    await createBucket(client)
    const open = () =>
      createBlobStore(new S3BlobDriver({ client, profile: cephProfile, log: silentLogger, partBytes }))
    blobConformance(`S3BlobDriver on radosgw over ${name}, bare`, {
      clock: 'real',
      features: cephProfile.info.features,
      open: async () => {
        await emptyBucket(client, cephProfile)
        return { blob: open(), reopen: open }
      },
    })
  }
}
