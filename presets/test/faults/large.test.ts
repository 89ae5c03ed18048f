import { describe, expect, it } from 'vitest'
import { startChild } from '../support/children.ts'
import { startRadosgw, withoutRadosgw } from '../support/radosgw.ts'
import { clientFor, createBucket, pendingUploads } from '../support/s3-bucket.ts'
import { engines } from './engines.ts'
import type { Measured } from './transfer-worker.ts'

const bucket = 'large'
const size = 1024 ** 3
const server = await startRadosgw()

// `fetch` itself is what the preset uses elsewhere: what it holds of bodies is the platform's.
const onNode = engines.filter(({ name }) => name !== 'fetch')

/** Parts of 8 MiB under way at once: the preset's default, and the one that OpenDAL sends at a time. */
const concurrency = (name: string) => (name === 'opendal' ? 1 : 4)

if (server === null) describe.skip('large objects up and down', () => it(withoutRadosgw, () => undefined))
else {
  const client = clientFor(server, bucket)
  await createBucket(client)

  for (const { name } of onNode) {
    it(`1 GiB comes back as it was, and memory grows by less than 64 MiB, engine ${name}`, {
      timeout: 180_000,
    }, async () => {
      const { endpoint, accessKeyId, secretAccessKey } = server
      const child = startChild('../../test/faults/transfer-worker.ts', 'transfer', {
        engine: name,
        bytes: size,
        uploadConcurrency: concurrency(name),
        endpoint,
        bucket,
        accessKeyId,
        secretAccessKey,
      })
      const measured = (await child.result) as Measured
      expect(measured.digests[1]).toBe(measured.digests[0])
      expect([measured.size, ...measured.progress]).toEqual([size, size, size])
      expect(measured.growth.up, 'MiB of growth while it went up').toBeLessThan(64)
      expect(measured.growth.down, 'MiB of growth while it came down').toBeLessThan(64)
      expect(await pendingUploads(client)).toEqual([])
      await client.sendForHeaders({ method: 'DELETE', key: 'large' })
    })
  }
}
