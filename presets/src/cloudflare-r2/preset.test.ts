import { inspect } from 'node:util'
import {
  type BlobStore,
  createBlobStore,
  logging,
  type OpenContext,
  prefix,
  type Provider,
  retry,
  silentLogger,
} from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { blobConformance } from '@flowport/capabilities/testing'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { cloudflareR2, r2Extras } from './preset.ts'
import type * as Entry from './preset.ts'
import { onPlatform } from '../../test/support/on-platform.ts'
import { defaultPartBytes } from './info.ts'
import { r2S3Client } from './s3-client.ts'
import { R2S3Driver } from './s3-driver.ts'
import { r2Profile } from '../s3/profiles/r2.ts'
import { cloudflareR2Twin } from '../cloudflare/twins/cloudflare-r2.ts'
import { cephProfile } from '../../test/support/ceph-profile.ts'
import { r2SkippedCases } from '../../test/support/r2-skipped-cases.ts'
import { startRadosgw, withoutRadosgw } from '../../test/support/radosgw.ts'
import { clientFor, createBucket, emptyBucket } from '../../test/support/s3-bucket.ts'

const context = (more: Partial<OpenContext> = {}): OpenContext => ({
  env: {},
  log: silentLogger,
  clock: systemClock,
  bindings: {},
  ...more,
})

async function opened(provider: Provider, more: Partial<OpenContext> = {}): Promise<BlobStore> {
  const { resources } = await provider.open(context(more))
  return resources.get('blob') as unknown as BlobStore
}

const complete = {
  R2_ACCOUNT_ID: 'account',
  R2_ACCESS_KEY_ID: 'some key',
  R2_SECRET_ACCESS_KEY: 'some secret',
  R2_BUCKET: 'media',
}

const server = await startRadosgw()
if (server === null)
  describe.skip('R2S3Driver on radosgw, layered', () => it(withoutRadosgw, () => undefined))
else {
  const admin = clientFor(server, 'media')
  await createBucket(admin)
  // R2's profile, but for what Ceph does differently.
  const { etags, conditionalComplete, lostRaceCodes } = cephProfile
  const profile = { ...r2Profile, etags, conditionalComplete, lostRaceCodes }
  blobConformance('R2S3Driver on radosgw, layered', {
    clock: 'real',
    features: {
      createOnly: true,
      compareAndSwap: true,
      ranges: true,
      metadata: true,
      serverCopy: true,
      presign: true,
    },
    skip: r2SkippedCases,
    open: async () => {
      await emptyBucket(admin, cephProfile)
      const client = r2S3Client({ ...server, bucket: 'media' }, systemClock)
      const driver = new R2S3Driver({ client, log: silentLogger, partBytes: defaultPartBytes, profile })
      const layers = [
        logging({ log: silentLogger, clock: systemClock }),
        retry({ clock: systemClock, log: silentLogger }),
      ]
      return { blob: createBlobStore(driver, { layers }) }
    },
  })
}

describe.skipIf(server === null)(
  `preset cloudflare-r2 on radosgw${server === null ? `: ${withoutRadosgw}` : ''}`,
  () => {
    const env = () => ({
      R2_ENDPOINT: server?.endpoint,
      R2_ACCESS_KEY_ID: server?.accessKeyId,
      R2_SECRET_ACCESS_KEY: server?.secretAccessKey,
      R2_BUCKET: 'media',
    })

    it('opens the bucket of the environment', async () => {
      const blob = await opened(cloudflareR2(), { env: env() })
      await blob.put('dir/key', 'value', {
        contentType: 'text/x-sample',
        metadata: { owner: 'änn' },
        ifNoneMatch: '*',
      })
      expect(await blob.head('dir/key')).toMatchObject({
        size: 5,
        contentType: 'text/x-sample',
        metadata: { owner: 'änn' },
      })
      await expect(blob.put('dir/key', 'other', { ifNoneMatch: '*' })).rejects.toMatchObject({
        kind: 'AlreadyExists',
      })
      const url = await blob.presign('dir/key', { method: 'get', expiresInSeconds: 60 })
      expect(await (await fetch(url)).text()).toBe('value')
      await expect(blob.put('cafe\u0301', 'x')).rejects.toMatchObject({ kind: 'InvalidInput' })
    })

    it('prefers its options to the environment', async () => {
      const {
        R2_ENDPOINT: endpoint = '',
        R2_ACCESS_KEY_ID: accessKeyId = '',
        R2_SECRET_ACCESS_KEY: secretAccessKey = '',
      } = env()
      const options = { endpoint, accessKeyId, secretAccessKey, bucket: 'media' }
      const blob = await opened(cloudflareR2(options), { env: complete })
      await blob.put('by options', 'value')
      expect(await (await blob.get('by options'))?.text()).toBe('value')
    })

    it('has extras: HTTP metadata, a checksum, and what the store keeps', async () => {
      const extras =
        r2Extras(await opened(cloudflareR2(), { env: env() })) ?? expect.fail('there are no extras')
      const sha256 = 'cd42404d52ad55ccfa9aca4adc828aa5800ad9d385a0671fbcbf724118320619'
      await extras.writing({ cacheControl: 'no-cache', contentLanguage: 'de', sha256 }).put('extras', 'value')
      expect(await extras.details('extras')).toEqual({
        storageClass: 'Standard',
        cacheControl: 'no-cache',
        contentDisposition: null,
        contentEncoding: null,
        contentLanguage: 'de',
        md5: '2063c1608d6e0baf80249c42e2be5804',
      })
      await expect(extras.writing({ sha256 }).put('extras', 'other')).rejects.toMatchObject({
        kind: 'Corrupt',
      })
      expect(await extras.details('absent')).toBeNull()
    })
  },
)

describe('preset cloudflare-r2 on Node', () => {
  it('names all that is missing, and nothing that is there', async () => {
    await expect(opened(cloudflareR2())).rejects.toMatchObject({
      kind: 'Misconfigured',
      message: expect.stringMatching(/R2_ACCOUNT_ID.*R2_BUCKET.*R2_ACCESS_KEY_ID.*R2_SECRET_ACCESS_KEY/),
    })
    for (const name of Object.keys(complete)) {
      const env = { ...complete, [name]: undefined }
      const error: unknown = await opened(cloudflareR2(), { env }).catch((e: unknown) => e)
      expect(error).toMatchObject({ kind: 'Misconfigured', message: expect.stringContaining(name) })
      expect(String(error)).not.toMatch(/some key|some secret/)
    }
    const env = { ...complete, R2_ENDPOINT: 'https://some key:some secret@r2.test' }
    const error: unknown = await opened(cloudflareR2(), { env }).catch((e: unknown) => e)
    expect(error).toMatchObject({ kind: 'Misconfigured', message: expect.stringContaining('endpoint') })
    expect(String(error)).not.toMatch(/some key|some secret/)
  })

  it('shows no credentials, opened or not', async () => {
    const options = {
      accountId: 'account',
      bucket: 'media',
      accessKeyId: 'some key',
      secretAccessKey: 'some secret',
    }
    const provider = cloudflareR2(options)
    for (const shown of [provider, await provider.open(context())]) {
      const text = inspect(shown, { depth: 12, showHidden: true }) + JSON.stringify(shown)
      expect(text).not.toMatch(/some key|some secret/)
    }
  })

  it('states more than on every runtime: copies at the store, and presigned URLs', async () => {
    const provider = cloudflareR2()
    const { info } = await opened(provider, { env: complete })
    const { blob } = provider.provides
    expect(info).toEqual({ ...blob, features: { ...blob.features, serverCopy: true, presign: true } })
    expectTypeOf(blob.consistency).toEqualTypeOf<'strong'>()
    expectTypeOf(blob.features.presign).toEqualTypeOf<false>()
  })

  it("signs for the account's endpoint, or that of a jurisdiction", async () => {
    const url = async (options: Parameters<typeof cloudflareR2>[0]) => {
      const blob = await opened(cloudflareR2(options), { env: complete })
      return (await blob.presign('a/b', { method: 'put', expiresInSeconds: 1 })).href
    }
    expect(await url({})).toMatch(/^https:\/\/account\.r2\.cloudflarestorage\.com\/media\/a\/b\?/)
    const endpoint = 'https://account.eu.r2.cloudflarestorage.com'
    expect(await url({ endpoint })).toMatch(
      /^https:\/\/account\.eu\.r2\.cloudflarestorage\.com\/media\/a\/b\?/,
    )
  })

  it('opens a binding where the host has one, such as a twin', async () => {
    const twin = cloudflareR2Twin()
    const blob = await opened(cloudflareR2({ binding: 'MEDIA' }), { bindings: { MEDIA: twin } })
    await blob.put('sized', new Blob(['value']).stream(), { size: 5 })
    expect(await twin.head('sized')).toMatchObject({ size: 5 })
  })
})

describe('preset cloudflare-r2 on other runtimes', () => {
  it('states the same, and fails to open with advice', async () => {
    const { cloudflareR2: unsupportedR2 } = await onPlatform<typeof Entry>('cloudflare-r2', 'browser')
    const { cloudflareR2: workersR2 } = await onPlatform<typeof Entry>('cloudflare-r2', 'workerd')
    const { open, ...stub } = unsupportedR2()
    const { open: _, ...real } = cloudflareR2()
    const { open: __, bindings, ...workers } = workersR2()
    expect(JSON.stringify(stub)).toBe(JSON.stringify(real))
    expect(JSON.parse(JSON.stringify({ ...workers, bindings: [] }))).toEqual(JSON.parse(JSON.stringify(real)))
    expect(bindings).toHaveLength(1)
    await expect(open(context())).rejects.toMatchObject({
      kind: 'Misconfigured',
      code: 'PRESET_UNSUPPORTED',
      message: expect.stringMatching(/"cloudflare-r2".*presigned/),
    })
  })
})

describe('r2Extras', () => {
  it('is null for other stores, and under a layer that changes keys', async () => {
    const bindings = { BUCKET: cloudflareR2Twin() }
    expect(r2Extras(await opened(cloudflareR2(), { bindings }))).not.toBeNull()
    const prefixed = cloudflareR2({ layers: (defaults) => [...defaults, prefix('tenant/')] })
    expect(r2Extras(await opened(prefixed, { bindings }))).toBeNull()
    const { memory } = await import('../memory/preset.ts')
    expect(r2Extras(await opened(memory({ only: ['blob'] })))).toBeNull()
  })
})
