import { generateKeyPairSync } from 'node:crypto'
import { inspect } from 'node:util'
import {
  type BlobStore,
  controlOf,
  type OpenContext,
  type OpenedProvider,
  silentLogger,
} from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { blobConformance } from '@flowport/capabilities/testing'
import { beforeEach, describe, expect, expectTypeOf, it } from 'vitest'
import { gcs as nodeGcs } from './preset.ts'
import { type GcsOptions, gcs } from './preset.web.ts'
import { startFakeGoogleXml } from '../../test/support/fake-google-xml.ts'

const google = await startFakeGoogleXml()
const { endpoint, bucket } = google
const [token = ''] = google.tokens

function context(env: OpenContext['env'] = {}): OpenContext {
  return { env, log: silentLogger, clock: systemClock, bindings: {} }
}

async function opened(options: GcsOptions, env: OpenContext['env'] = {}): Promise<BlobStore> {
  const { resources } = await (gcs({ ...options }).open(context(env)) as Promise<OpenedProvider>)
  return resources.get('blob') as unknown as BlobStore
}

beforeEach(() => {
  google.empty()
  google.requests.length = 0
  google.posted.length = 0
})

for (const [name, layers] of [
  ['bare', () => []],
  ['layered', undefined],
] as const) {
  blobConformance(`preset gcs on the web, ${name}, on a fake of Google's XML API`, {
    clock: 'real',
    features: {
      ranges: true,
      metadata: true,
      contentType: true,
      serverCopy: true,
      createOnly: true,
      compareAndSwap: false,
    },
    open: async () => {
      google.empty()
      const { resources } = await gcs({ endpoint, bucket, token, ...(layers && { layers }) }).open(context())
      const blob = resources.get('blob') as unknown as BlobStore
      return { blob, close: () => controlOf('blob', blob).close() }
    },
  })
}

describe('preset gcs on the web', () => {
  it('has the type and the statements of the one on Node', async () => {
    expectTypeOf(gcs).toEqualTypeOf(nodeGcs)
    const { open: _own, ...own } = gcs()
    const { open: _others, ...others } = nodeGcs()
    expect(JSON.stringify(own)).toBe(JSON.stringify(others))
    const { info } = await opened({ bucket, token })
    expect(info).toEqual(gcs().provides.blob)
  })

  it('opens on variables, keeps to its root, and exchanges the key of a service account for tokens', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const credential = JSON.stringify({
      type: 'service_account',
      client_email: 'flow@project.iam.gserviceaccount.com',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      token_uri: `${endpoint}/token`,
    })
    const env = {
      GCS_BUCKET: bucket,
      GCS_ENDPOINT: endpoint,
      GCS_ROOT: 'tenant/a',
      GCS_CREDENTIAL: credential,
    }
    const blob = await opened({}, env)
    await blob.put('dir/key', 'value')
    expect(google.posted).toHaveLength(1)
    expect(google.requests.at(-1)).toMatchObject({ method: 'PUT', url: `/${bucket}/tenant/a/dir/key` })
    expect((await blob.list({ prefix: 'dir/' })).objects.map(({ key }) => key)).toEqual(['dir/key'])
    await expect(blob.put('../key', 'value')).rejects.toMatchObject({ kind: 'InvalidInput' })
    await expect(blob.put('key ', 'value')).rejects.toMatchObject({ kind: 'InvalidInput' })
  })

  it('asks for storage class and access of new objects, long ones too', async () => {
    const options = { storageClass: 'NEARLINE', predefinedAcl: 'bucketOwnerRead', chunkBytes: 5 * 1024 ** 2 }
    const blob = await opened({ endpoint, bucket, token, ...options })
    const asked = () =>
      google.requests.flatMap(({ headers }) =>
        headers['x-goog-storage-class'] === undefined
          ? []
          : [[headers['x-goog-storage-class'], headers['x-goog-acl']]],
      )
    await blob.put('key', 'value')
    expect(asked()).toEqual([['NEARLINE', 'bucket-owner-read']])
    await blob.put('long', new Blob([new Uint8Array(11 * 1024 ** 2)]).stream())
    expect(asked()).toHaveLength(2)
  })

  it('says what to check when Google does not accept the token, or there is no bucket', async () => {
    await expect((await opened({ endpoint, bucket, token: 'other' })).get('key')).rejects.toMatchObject({
      kind: 'Unauthenticated',
      message: expect.stringContaining('GCS_TOKEN'),
    })
    await expect(
      (await opened({ endpoint, bucket: 'none', token })).put('key', 'value'),
    ).rejects.toMatchObject({ kind: 'Misconfigured' })
  })

  it.each([
    [{}, /GCS_CREDENTIAL/],
    [{ bucket: '' }, /GCS_BUCKET/],
    [{ credentialPath: '/MARKER.json' }, /no files here/],
    [{ credential: '{"type":"external_account","secret":"MARKER"}' }, /service account/],
    [{ credential: 'MARKER' }, /credential/],
    [{ token, chunkBytes: 1024 }, /chunkBytes/],
    [{ token, root: '../MARKER' }, /root/],
  ] as const)('refuses %o, and repeats nothing of it', async (options, message) => {
    const error: unknown = await opened({ endpoint, bucket, ...options }).catch((e: unknown) => e)
    expect(error).toMatchObject({ kind: 'Misconfigured', message: expect.stringMatching(message) })
    expect(inspect(error, { depth: 9 })).not.toContain('MARKER')
  })
})
