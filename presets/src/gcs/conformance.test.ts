import { controlOf, silentLogger } from '@flowport/capabilities'
import type { OpenedStore } from '@flowport/capabilities/storage'
import { systemClock } from '@flowport/capabilities/system'
import { blobConformance } from '@flowport/capabilities/testing'
import { describe, it } from 'vitest'
import { platformTransport } from '../object-http/transport.web.ts'
import { connectS3 } from '../s3/connect.web.ts'
import { type GsSchemeOptions, gsSchemeWith } from './scheme.ts'
import { gsScheme } from './scheme-entry.ts'
import { startFakeGoogleXml } from '../../test/support/fake-google-xml.ts'
import { startRadosgw, withoutRadosgw } from '../../test/support/radosgw.ts'
import { clientFor, createBucket } from '../../test/support/s3-bucket.ts'

const webScheme = (options: GsSchemeOptions) =>
  gsSchemeWith({ transport: platformTransport, connect: connectS3, machine: null }, options)

const context = { env: {}, log: silentLogger, clock: systemClock }
const close = (store: OpenedStore) => async () => {
  await controlOf('blob', store.blob).close()
  await store.close?.()
}

const common = { ranges: true, metadata: true, contentType: true, serverCopy: true }

const google = await startFakeGoogleXml()
for (const [name, scheme] of [
  ['as on Node', gsScheme],
  ['as on the web', webScheme],
] as const) {
  blobConformance(`gs with a token, ${name}, on a fake of Google's XML API`, {
    clock: 'real',
    features: { ...common, createOnly: true, compareAndSwap: true },
    open: async () => {
      google.empty()
      const [accessToken = ''] = google.tokens
      const open = async () =>
        scheme({ endpoint: google.endpoint }).open(google.bucket, {
          ...context,
          credentials: { accessToken },
        })
      const store = await open()
      return { blob: store.blob, close: close(store), reopen: async () => (await open()).blob }
    },
  })
}

const server = await startRadosgw()
if (server === null)
  describe.skip('gs with an HMAC key on radosgw', () => it(withoutRadosgw, () => undefined))
else {
  let buckets = 0
  for (const [name, scheme] of [
    ['as on Node', gsScheme],
    ['as on the web', webScheme],
  ] as const) {
    blobConformance(`gs with an HMAC key, ${name}, on radosgw`, {
      clock: 'real',
      features: { ...common, createOnly: false, compareAndSwap: false },
      open: async () => {
        const bucket = `gs-${++buckets}`
        await createBucket(clientFor(server, bucket))
        const { endpoint, accessKeyId, secretAccessKey } = server
        const credentials = { accessKeyId, secretAccessKey }
        const open = async () => scheme({ endpoint }).open(bucket, { ...context, credentials })
        const store = await open()
        return { blob: store.blob, close: close(store), reopen: async () => (await open()).blob }
      },
    })
  }
}
