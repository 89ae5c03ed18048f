import { expect, it } from 'vitest'
import { startChild } from '../support/children.ts'
import { startRadosgw, withoutRadosgw } from '../support/radosgw.ts'
import { clientFor, createBucket, pendingUploads } from '../support/s3-bucket.ts'
import { tempDirectory } from '../support/temp-directory.ts'
import type { CopyMeasured } from './storage-copy-worker.ts'

const bucket = 'copies'
const size = 256 * 1024 ** 2
const server = await startRadosgw()
const directory = tempDirectory()

if (server === null) it.skip(`copies between schemes: ${withoutRadosgw}`, () => undefined)
else {
  const client = clientFor(server, bucket)
  await createBucket(client)

  it('256 MiB go from file:// to s3:// and back as they were, and memory grows by less than 64 MiB', {
    timeout: 240_000,
  }, async () => {
    const { endpoint, accessKeyId, secretAccessKey } = server
    const child = startChild('../../test/faults/storage-copy-worker.ts', 'copy', {
      bytes: size,
      directory,
      bucket,
      endpoint,
      accessKeyId,
      secretAccessKey,
    })
    const { digests, sizes, progress, growth } = (await child.result) as CopyMeasured
    expect(new Set(digests).size).toBe(1)
    expect(sizes).toEqual([size, size])
    for (const { bytes, calls } of progress) {
      expect(bytes).toBe(size)
      expect(calls).toBeGreaterThan(100)
    }
    // Four parts of 8 MiB are held on the way up.
    expect(growth[0], 'MiB of growth on the way to s3://').toBeLessThan(64)
    expect(growth[1], 'MiB of growth on the way back').toBeLessThan(64)
    expect(await pendingUploads(client)).toEqual([])
  })
}
