import { hostApp, hostConformance } from '@flowport/flow/testing/host'
import { createServer } from '@flowport/host-node'
import { s3, s3Dedupe } from '@flowport/presets/s3'
import { startRadosgw, withoutRadosgw } from '@flowport/presets/test/radosgw'
import { clientFor, createBucket } from '@flowport/presets/test/s3-bucket'
import { it } from 'vitest'

const store = await startRadosgw()
const bucket = 'host-conformance'

if (store === null) it.skip(`Fastify over s3: ${withoutRadosgw}`, () => undefined)
else {
  hostConformance('Fastify over s3', {
    async open() {
      await createBucket(clientFor(store, bucket))
      const env = {
        S3_BUCKET: bucket,
        S3_REGION: 'us-east-1',
        S3_ENDPOINT: store.endpoint,
        S3_ACCESS_KEY_ID: store.accessKeyId,
        S3_SECRET_ACCESS_KEY: store.secretAccessKey,
        S3_PROVIDER: 'ceph',
      }
      const server = await createServer(hostApp('local', [s3(), s3Dedupe()]), { env, logLevel: 'silent' })
      const url = await server.listen({ port: 0, host: '127.0.0.1' })
      return { ask: (path, init) => fetch(url + path, init), close: () => server.close() }
    },
  })
}
