import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
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
import { platformTransport } from '../object-http/transport.web.ts'
import { gcsOn } from './on.ts'
import { type GcsOptions, gcs as nodeGcs } from './preset.ts'
import { tempDirectory } from '../../test/support/temp-directory.ts'
import { startFakeGoogleXml } from '../../test/support/fake-google-xml.ts'

const webGcs = gcsOn({ transport: platformTransport, openDal: null, machine: null })

const google = await startFakeGoogleXml()
const { endpoint, bucket } = google
const [token = ''] = google.tokens

function context(env: OpenContext['env'] = {}): OpenContext {
  return { env, log: silentLogger, clock: systemClock, bindings: {} }
}

async function opened(options: GcsOptions, env: OpenContext['env'] = {}, gcs = nodeGcs): Promise<BlobStore> {
  const { resources } = await (gcs({ ...options }).open(context(env)) as Promise<OpenedProvider>)
  return resources.get('blob') as unknown as BlobStore
}

beforeEach(() => {
  google.empty()
  google.requests.length = 0
  google.posted.length = 0
})

for (const [runtime, gcs] of [
  ['over undici', nodeGcs],
  ['over fetch', webGcs],
] as const) {
  for (const [name, layers] of [
    ['bare', () => []],
    ['layered', undefined],
  ] as const) {
    blobConformance(`preset gcs ${runtime}, ${name}, on a fake of Google's XML API`, {
      clock: 'real',
      features: {
        ranges: true,
        metadata: true,
        contentType: true,
        serverCopy: true,
        createOnly: true,
        compareAndSwap: true,
      },
      open: async () => {
        google.empty()
        const provider = gcs({ endpoint, bucket, token, ...(layers && { layers }) })
        const { resources } = await provider.open(context())
        const blob = resources.get('blob') as unknown as BlobStore
        return { blob, close: () => controlOf('blob', blob).close() }
      },
    })
  }
}

describe('preset gcs', () => {
  it('states what its driver states, the same on every runtime', async () => {
    const { open: _own, ...own } = nodeGcs()
    const { open: _others, ...others } = webGcs()
    expect(JSON.stringify(own)).toBe(JSON.stringify(others))
    for (const gcs of [nodeGcs, webGcs])
      expect((await opened({ bucket, token }, {}, gcs)).info).toEqual(gcs().provides.blob)
    const { blob } = nodeGcs().provides
    expectTypeOf(blob.consistency).toEqualTypeOf<'strong'>()
    expectTypeOf(blob.features.compareAndSwap).toEqualTypeOf<true>()
  })

  it('refuses a conditional stream longer than a part that does not say its size', async () => {
    const blob = await opened({ endpoint, bucket, token, chunkBytes: 5 * 1024 ** 2 })
    const bytes = new Uint8Array(6 * 1024 ** 2)
    const stream = () => new Blob([bytes]).stream()
    await expect(blob.put('key', stream(), { ifNoneMatch: '*' })).rejects.toMatchObject({
      kind: 'LimitExceeded',
      message: expect.stringContaining('give its size'),
    })
    const { etag } = await blob.put('key', stream(), { ifNoneMatch: '*', size: bytes.byteLength })
    await blob.put('key', stream(), { ifMatch: etag, size: bytes.byteLength })
    await expect(blob.put('key', 'value', { ifMatch: etag })).rejects.toMatchObject({
      kind: 'ConditionNotMatch',
    })
  })

  it('removes the upload of a stream that fails', async () => {
    const blob = await opened({ endpoint, bucket, token, chunkBytes: 5 * 1024 ** 2 })
    let pulled = 0
    const body = new ReadableStream<Uint8Array>({
      pull(stream) {
        if (++pulled > 14) stream.error(new Error('the source broke'))
        else stream.enqueue(new Uint8Array(1024 ** 2))
      },
    })
    await expect(blob.put('key', body)).rejects.toThrow('the stream failed before its end')
    const uploads = google.requests.filter(({ url }) => url.includes('uploadId='))
    expect(uploads.map(({ method }) => method)).toContain('DELETE')
    expect(await blob.head('key')).toBeNull()
  })

  it('sends no credentials to a public bucket', async () => {
    const blob = await opened({ endpoint, bucket, anonymous: true })
    await expect(blob.get('key')).rejects.toMatchObject({ kind: 'Unauthenticated' })
    expect(google.requests.at(-1)?.headers.authorization).toBeUndefined()
  })

  it('opens on variables, keeps to its root, and exchanges the key of a service account for tokens', async () => {
    const credential = serviceAccount()
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

  it('takes a key as JSON, in base64, or on Node from a file', async () => {
    const json = serviceAccount()
    const file = join(tempDirectory(), 'key.json')
    writeFileSync(file, json)
    const ways: [GcsOptions, OpenContext['env']][] = [
      [{ credential: json }, {}],
      [{ credential: Buffer.from(json).toString('base64') }, {}],
      [{ credentialPath: file }, {}],
      [{}, { GOOGLE_APPLICATION_CREDENTIALS: file }],
      [{}, { GCS_CREDENTIAL: json }],
    ]
    for (const [options, env] of ways) {
      const blob = await opened({ bucket, endpoint, ...options }, env)
      await blob.put('key', 'value')
    }
    expect(google.posted).toHaveLength(ways.length)
  })

  it('uses the identity of the machine on Node where no credentials are set', async () => {
    const gcs = gcsOn({
      transport: platformTransport,
      openDal: null,
      machine: { readFile: () => '', tokens: () => async () => token },
    })
    const blob = await opened({ endpoint, bucket }, {}, gcs)
    await blob.put('key', 'value')
    await expect(opened({ endpoint, bucket }, {}, webGcs)).rejects.toMatchObject({
      kind: 'Misconfigured',
      message: expect.stringMatching(/GCS_CREDENTIAL.*Node only/),
    })
  })

  it.each([
    [{ bucket: '' }, /GCS_BUCKET/],
    [{ token: 'MARKER x' }, /token/],
    [{ token: 'MARKER', anonymous: true }, /one of/],
    [{ credential: 'MARKER' }, /credential/],
    [{ credential: '{"type":"service_account","private_key":"MARKER"}' }, /client_email/],
    [{ credential: '{"type":"authorized_user","refresh_token":"MARKER"}' }, /service account/],
    [{ credential: '{"type":"external_account","secret":"MARKER"}' }, /engine "opendal"/],
    [{ credentialPath: '/dev/null/MARKER' }, /ENOTDIR|no files here/],
    [{ endpoint: 'https://a:MARKER@storage.googleapis.com' }, /endpoint/],
    [{ root: '../MARKER' }, /root/],
    [{ root: 'MARKER&x' }, /root/],
    [{ storageClass: 'MARKER 1' }, /storageClass/],
    [{ chunkBytes: 1024 }, /chunkBytes/],
    [{ uploadConcurrency: 65 }, /uploadConcurrency/],
    [{ http: { connections: 0 } }, /connections/],
    [{ engine: 'opendal', uploadConcurrency: 2 }, /one part at a time/],
  ] as const)('refuses %o, and repeats nothing of it', async (options, message) => {
    for (const gcs of [nodeGcs, webGcs]) {
      const error: unknown = await opened({ endpoint, bucket, ...options }, {}, gcs).catch((e: unknown) => e)
      expect(error).toMatchObject({ kind: 'Misconfigured', message: expect.stringMatching(message) })
      expect(inspect(error, { depth: 9 })).not.toContain('MARKER')
    }
  })

  it('has the engine opendal on Node only', async () => {
    await expect(opened({ bucket, token, engine: 'opendal' }, {}, webGcs)).rejects.toMatchObject({
      kind: 'Misconfigured',
      message: expect.stringContaining('Node only'),
    })
  })
})

/** A fresh key of a service account, whose tokens come from the fake. */
function serviceAccount(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return JSON.stringify({
    type: 'service_account',
    client_email: 'flow@project.iam.gserviceaccount.com',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    token_uri: `${endpoint}/token`,
  })
}
