import { inspect } from 'node:util'
import {
  type BlobStore,
  createBlobStore,
  type OpenContext,
  prefix,
  type Provider,
  silentLogger,
} from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { blobConformance } from '@flowport/capabilities/testing'
import { Agent } from 'undici'
import { afterAll, describe, expect, expectTypeOf, it } from 'vitest'
import { cephProfile } from './profiles/ceph.ts'
import { s3ProfileOf } from './profiles/choose.ts'
import { type PendingUpload, s3, s3Extras, type S3Options } from './preset.ts'
import { connectS3 } from './connect.web.ts'
import { s3On } from './on.ts'
import { startRadosgw, withoutRadosgw } from '../../test/support/radosgw.ts'
import { createBucket, emptyBucket, nodeClientFor, pendingUploads } from '../../test/support/s3-bucket.ts'
import { assumeRole } from '../../test/support/s3-session.ts'

const webS3 = s3On({ connect: connectS3, openDal: null })

const context = (more: Partial<OpenContext> = {}): OpenContext => ({
  env: {},
  log: silentLogger,
  clock: systemClock,
  bindings: {},
  ...more,
})

const closers: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const close of closers) await close()
})

async function opened(provider: Provider, more: Partial<OpenContext> = {}): Promise<BlobStore> {
  const { resources, close } = await provider.open(context(more))
  closers.push(close)
  return resources.get('blob') as unknown as BlobStore
}

const complete = {
  S3_BUCKET: 'media',
  S3_REGION: 'eu-central-1',
  S3_ACCESS_KEY_ID: 'some key',
  S3_SECRET_ACCESS_KEY: 'some secret',
  S3_SESSION_TOKEN: 'some token',
}

const server = await startRadosgw({ sts: true })
const partBytes = 5 * 1024 * 1024

if (server === null) describe.skip('preset s3 on radosgw', () => it(withoutRadosgw, () => undefined))
else {
  const admin = nodeClientFor(server, 'media')
  await createBucket(admin)
  const env = {
    S3_ENDPOINT: server.endpoint,
    S3_BUCKET: 'media',
    S3_ACCESS_KEY_ID: server.accessKeyId,
    S3_SECRET_ACCESS_KEY: server.secretAccessKey,
    S3_PROVIDER: 'ceph',
  }

  for (const engine of ['fetch', 'opendal'] as const) {
    const features =
      engine === 'fetch' ? cephProfile.info.features : { createOnly: true, compareAndSwap: true }
    const bare = { layers: () => [] }
    // The suite's large streams have about 6 MB: two parts of the smallest there may be.
    for (const [how, more] of [
      ['bare', bare],
      ['layered, in a folder', { root: 'deep/er' }],
    ] as const) {
      blobConformance(`preset s3 with engine ${engine} on radosgw, ${how}`, {
        clock: 'real',
        features,
        open: async () => {
          await emptyBucket(admin, cephProfile)
          const open = () => s3({ engine, partBytes, ...more }).open(context({ env }))
          const { resources, close } = await open()
          return {
            blob: resources.get('blob') as never,
            close,
            reopen: async () => {
              const again = await open()
              closers.push(again.close)
              return again.resources.get('blob') as never
            },
          }
        },
      })
    }
  }

  describe('preset s3 on radosgw', () => {
    const on = (options: S3Options = {}) => opened(s3({ partBytes, ...options }), { env })
    const large = () => new Blob([new Uint8Array(2 * partBytes + 1)]).stream()

    it('is the folder of its root, and nothing outside it', async () => {
      const [whole, folder, web] = [
        await on(),
        await on({ root: '/tenant/1/' }),
        await opened(webS3({ root: 'tenant/1' }), { env }),
      ]
      await whole.put('tenant/10', 'other')
      await folder.put('a/b', 'value')
      expect(await (await whole.get('tenant/1/a/b'))?.text()).toBe('value')
      expect(await (await web.get('a/b'))?.text()).toBe('value')
      expect((await folder.list()).objects.map(({ key }) => key)).toEqual(['a/b'])
      await expect(folder.get('../10')).rejects.toMatchObject({ kind: 'InvalidInput' })
      const url = await folder.presign('a/b', { method: 'get', expiresInSeconds: 60 })
      expect(await (await fetch(url)).text()).toBe('value')
      await expect(on({ root: 'a/../..' })).rejects.toMatchObject({ kind: 'Misconfigured' })
    })

    it('has extras: what is stored beside, fate of each key, uploads that were left', async () => {
      const blob = await on({ root: 'extras' })
      const extras = s3Extras(blob) ?? expect.fail('there are no extras')
      const sha256 = 'cd42404d52ad55ccfa9aca4adc828aa5800ad9d385a0671fbcbf724118320619'
      const write = { cacheControl: 'no-cache', contentLanguage: 'de', sha256 }
      await extras.writing(write).put('noted', 'value')
      expect(await extras.details('noted')).toEqual({
        storageClass: 'STANDARD',
        encryption: null,
        cacheControl: 'no-cache',
        contentDisposition: null,
        contentEncoding: null,
        contentLanguage: 'de',
        md5: '2063c1608d6e0baf80249c42e2be5804',
      })
      expect(await extras.details('absent')).toBeNull()
      await expect(extras.writing({ sha256 }).put('noted', 'other')).rejects.toMatchObject({
        kind: 'Corrupt',
      })
      expect(() => extras.writing({ partBytes: 1 })).toThrow(
        expect.objectContaining({ kind: 'Misconfigured' }),
      )
      expect(() => extras.writing({ cacheControl: 'a\nb' })).toThrow(
        expect.objectContaining({ kind: 'InvalidInput' }),
      )
      expect(await extras.deleteMany(['noted', 'absent', 'noted'])).toEqual({
        deleted: ['noted', 'absent'],
        kept: [],
      })
      expect(await blob.head('noted')).toBeNull()
      await admin.sendForText({ method: 'POST', key: 'extras/left', query: { uploads: '' } })
      await admin.sendForText({ method: 'POST', key: 'elsewhere', query: { uploads: '' } })
      const left: PendingUpload[] = []
      for await (const upload of extras.pendingUploads()) left.push(upload)
      expect(left).toMatchObject([{ key: 'left', initiated: expect.any(Date) }])
      for (const upload of left) await extras.abortUpload(upload)
      expect(await pendingUploads(admin)).toEqual(['elsewhere'])
      const all = s3Extras(await on()) ?? expect.fail('there are no extras')
      for await (const upload of all.pendingUploads()) await all.abortUpload(upload)
      expect(await pendingUploads(admin)).toEqual([])
    })

    it('works with session credentials, given or asked for, with either engine', async () => {
      const session = await assumeRole(server, 'media')
      const { accessKeyId, secretAccessKey, sessionToken } = session
      const given: readonly S3Options[] = [
        { accessKeyId, secretAccessKey, sessionToken },
        { accessKeyId, secretAccessKey, sessionToken, engine: 'opendal' },
        { credentials: async () => session },
      ]
      for (const options of given) {
        const blob = await on(options)
        await blob.put('by session', 'value')
        expect(await (await blob.get('by session'))?.text()).toBe('value')
        const url = await blob.presign('by session', { method: 'get', expiresInSeconds: 60 })
        expect(await (await fetch(url)).text()).toBe('value')
      }
      const wrong = await on({ accessKeyId, secretAccessKey, sessionToken: 'some token' })
      const error: unknown = await wrong.get('by session').catch((e: unknown) => e)
      // Ceph calls such a token an invalid argument.
      expect(error).toMatchObject({ kind: 'Unexpected', retryable: 'never', details: { status: 400 } })
      const shown = inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error)
      for (const secret of [accessKeyId, secretAccessKey, 'some token']) expect(shown).not.toContain(secret)
    })

    it('names the bucket in the host, over a dispatcher of the caller', async () => {
      const lookup = (_: string, { all }: { all?: boolean }, done: (...found: unknown[]) => void) =>
        all === true ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)
      const dispatcher = new Agent({ connect: { lookup: lookup as never } })
      const endpoint = server.endpoint.replace('127.0.0.1', 's3.test')
      const blob = await on({ endpoint, addressing: 'virtual-host', http: { dispatcher } })
      await blob.put('by host/ä', 'value')
      expect(await (await (await on()).get('by host/ä'))?.text()).toBe('value')
      expect((await blob.list({ prefix: 'by host/' })).objects).toHaveLength(1)
      const url = await blob.presign('by host/ä', { method: 'get', expiresInSeconds: 60 })
      expect(url.hostname).toBe('media.s3.test')
      await dispatcher.close()
    })

    it('with engine opendal leaves no upload when a source fails or the caller leaves', async () => {
      const blob = await on({ engine: 'opendal' })
      const failing = (onMiddle: () => void) => {
        let sent = 0
        return new ReadableStream<Uint8Array>({
          pull(controller) {
            if ((sent += 1) === 30) onMiddle()
            controller.enqueue(new Uint8Array(500_000))
          },
        })
      }
      const source = failing(() => {
        throw new Error('source broke')
      })
      await expect(blob.put('left', source)).rejects.toMatchObject({ kind: 'Unexpected' })
      const controller = new AbortController()
      const leaving = failing(() => controller.abort())
      const put = blob.put('left', leaving, { signal: controller.signal })
      await expect(put).rejects.toMatchObject({ kind: 'Cancelled' })
      await expect.poll(() => pendingUploads(admin)).toEqual([])
      expect(await blob.head('left')).toBeNull()
      await blob.put('left', large())
      expect(await blob.head('left')).toMatchObject({ size: 2 * partBytes + 1 })
    })

    it('ends calls under way when it is closed', async () => {
      const { resources, close } = await s3().open(context({ env }))
      const blob = resources.get('blob') as unknown as BlobStore
      await blob.put('closing', 'value')
      await close()
      await expect(blob.head('closing')).rejects.toMatchObject({ kind: 'Unavailable' })
    })
  })
}

describe('preset s3', () => {
  it('names all that is missing, and nothing that is there', async () => {
    await expect(opened(s3())).rejects.toMatchObject({
      kind: 'Misconfigured',
      message: expect.stringMatching(/S3_BUCKET.*S3_REGION.*S3_ACCESS_KEY_ID.*S3_SECRET_ACCESS_KEY/),
    })
    const cases: [Record<string, string>, RegExp][] = [
      [{ S3_BUCKET: '' }, /S3_BUCKET/],
      [{ S3_SECRET_ACCESS_KEY: '' }, /S3_SECRET_ACCESS_KEY/],
      [{ S3_ENDPOINT: 'https://some key:some secret@s3.test' }, /endpoint/],
      [{ S3_ENGINE: 'some secret' }, /S3_ENGINE.*fetch, opendal/],
      [{ S3_PROVIDER: 'some secret' }, /S3_PROVIDER.*aws, r2, minio, ceph, gcs/],
    ]
    for (const [env, message] of cases) {
      for (const preset of [s3, webS3]) {
        const error: unknown = await opened(preset(), { env: { ...complete, ...env } }).catch(
          (e: unknown) => e,
        )
        expect(error).toMatchObject({ kind: 'Misconfigured', message: expect.stringMatching(message) })
        expect(String(error)).not.toMatch(/some key|some secret/)
      }
    }
    for (const options of [{ partBytes: 1 }, { uploadConcurrency: 0 }, { uploadConcurrency: 65 }])
      await expect(opened(s3(options), { env: complete })).rejects.toMatchObject({ kind: 'Misconfigured' })
    const credentials = async () => ({ accessKeyId: '', secretAccessKey: '' })
    await expect(opened(s3({ credentials, engine: 'opendal' }), { env: complete })).rejects.toMatchObject({
      kind: 'Misconfigured',
    })
  })

  it('leaves parts unsigned only where TLS covers them, or on this machine', async () => {
    for (const endpoint of ['http://s3.test', 'http://127.0.0.1.s3.test', 'http://localhost.test']) {
      await expect(opened(s3({ endpoint, signParts: false }), { env: complete })).rejects.toMatchObject({
        kind: 'Misconfigured',
        message: expect.stringContaining('signParts'),
      })
    }
    for (const endpoint of ['https://s3.test', 'http://127.0.0.1:9', 'http://[::1]:9', 'http://localhost:9'])
      await expect(opened(s3({ endpoint, signParts: false }), { env: complete })).resolves.toBeDefined()
  })

  it('shows no credentials, opened or not', async () => {
    for (const preset of [s3, webS3]) {
      const provider = preset({ root: 'a' })
      for (const shown of [provider, await provider.open(context({ env: complete }))]) {
        const text = inspect(shown, { depth: 12, showHidden: true }) + JSON.stringify(shown)
        expect(text).not.toMatch(/some key|some secret|some token/)
      }
    }
  })

  it('signs for the bucket where it is', async () => {
    const url = async (options: S3Options, env: Record<string, string> = complete) => {
      const blob = await opened(s3(options), { env })
      const { href } = await blob.presign('a/b c', { method: 'put', expiresInSeconds: 1 })
      return href
    }
    expect(await url({})).toMatch(
      /^https:\/\/media\.s3\.eu-central-1\.amazonaws\.com\/a\/b%20c\?.*X-Amz-Security-Token=some/,
    )
    expect(await url({ region: 'cn-north-1' })).toMatch(
      /^https:\/\/media\.s3\.cn-north-1\.amazonaws\.com\.cn\//,
    )
    expect(await url({ bucket: 'my.media' })).toMatch(
      /^https:\/\/s3\.eu-central-1\.amazonaws\.com\/my\.media\/a/,
    )
    const { S3_REGION: _, ...elsewhere } = complete
    expect(await url({ endpoint: 'https://s3.test/base' }, elsewhere)).toMatch(
      /^https:\/\/s3\.test\/base\/media\/a\/b%20c\?.*us-east-1/,
    )
    expect(await url({ endpoint: 'https://x.r2.cloudflarestorage.com' }, elsewhere)).toMatch(
      /%2Fauto%2Fs3%2F/,
    )
    // A token of the environment is none of the keys given here.
    expect(await url({ accessKeyId: 'k', secretAccessKey: 's' })).not.toContain('Security-Token')
  })

  it.each([
    [undefined, undefined, 's3-aws'],
    [undefined, 'https://s3.eu-west-1.amazonaws.com', 's3-aws'],
    [undefined, 'https://amazonaws.com.evil.test', 's3'],
    [undefined, 'https://x.eu.r2.cloudflarestorage.com', 'cloudflare-r2'],
    [undefined, 'https://storage.googleapis.com', 's3-gcs'],
    [undefined, 'http://127.0.0.1:9000', 's3'],
    ['minio', 'http://127.0.0.1:9000', 's3-minio'],
    ['ceph', 'https://storage.googleapis.com', 's3-ceph'],
  ] as const)('provider %s at %s is %s', (provider, endpoint, name) => {
    expect(s3ProfileOf(provider, endpoint).info.provider).toBe(name)
  })

  it('trusts conditional writes to the stores that are known to keep them', async () => {
    const stated = async (options: S3Options) => (await opened(s3(options), { env: complete })).info.features
    expect(await stated({})).toMatchObject({ createOnly: true, compareAndSwap: true })
    for (const endpoint of ['https://s3.test', 'https://storage.googleapis.com'])
      expect(await stated({ endpoint })).toMatchObject({ createOnly: false, compareAndSwap: false })
    const blob = await opened(s3({ endpoint: 'https://s3.test' }), { env: complete })
    await expect(blob.put('key', 'x', { ifNoneMatch: '*' })).rejects.toMatchObject({ kind: 'Unsupported' })
    const r2 = await opened(s3({ endpoint: 'https://x.r2.cloudflarestorage.com' }), { env: complete })
    await expect(r2.put('cafe\u0301', 'x')).rejects.toMatchObject({ kind: 'InvalidInput' })
  })

  it('states the same on every runtime, and has the engine opendal on Node only', async () => {
    const { open, ...web } = webS3()
    const { open: _, ...node } = s3()
    expect(JSON.stringify(web)).toBe(JSON.stringify(node))
    expectTypeOf(node.provides.blob.consistency).toEqualTypeOf<'strong'>()
    expectTypeOf(node.provides.blob.features.createOnly).toEqualTypeOf<true>()
    const env = { ...complete, S3_ENGINE: 'opendal' }
    await expect(Promise.resolve().then(() => open(context({ env })))).rejects.toMatchObject({
      kind: 'Misconfigured',
      message: expect.stringContaining('Node only'),
    })
    expect((await opened(s3(), { env: complete })).info).toEqual(s3().provides.blob)
  })
})

describe('s3Extras', () => {
  it('belongs to one store, and is null for other stores and under a layer that changes keys', async () => {
    const [one, other] = [await opened(s3(), { env: complete }), await opened(s3(), { env: complete })]
    expect(s3Extras(one)).not.toBeNull()
    expect(s3Extras(one)).not.toBe(s3Extras(other))
    const prefixed = s3({ layers: (defaults) => [...defaults, prefix('tenant/')] })
    expect(s3Extras(await opened(prefixed, { env: complete }))).toBeNull()
    const { memoryBlobDriver } = await import('@flowport/capabilities/memory')
    expect(s3Extras(createBlobStore(memoryBlobDriver()))).toBeNull()
  })
})
