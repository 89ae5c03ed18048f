import { env } from 'cloudflare:workers'
import { type BlobStore, type OpenContext, type Provider, silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { cloudflareR2, r2Extras } from '../../src/cloudflare-r2/preset.ts'
import { isR2Bucket, type R2BucketLike } from '../../src/cloudflare-r2/binding.ts'
import { cloudflareR2Twin } from '../../src/cloudflare/testing.ts'

const context = (more: Partial<OpenContext> = {}): OpenContext => ({
  env: {},
  log: silentLogger,
  clock: systemClock,
  bindings: { BUCKET: env.BUCKET },
  ...more,
})

async function opened(provider: Provider, more: Partial<OpenContext> = {}): Promise<BlobStore> {
  const { resources } = await provider.open(context(more))
  return resources.get('blob') as unknown as BlobStore
}

const credentials = {
  R2_ACCOUNT_ID: 'account',
  R2_ACCESS_KEY_ID: 'key id',
  R2_SECRET_ACCESS_KEY: 'very secret',
  R2_BUCKET: 'media',
}

describe('preset cloudflare-r2 on Workers', () => {
  it("takes the platform's own binding, by its type and by its looks", () => {
    expectTypeOf(env.BUCKET).toExtend<R2BucketLike>()
    expect(isR2Bucket(env.BUCKET)).toBe(true)
    for (const other of [env.KV, env.QUEUE, env.STATE, {}, null, 'BUCKET'])
      expect(isR2Bucket(other)).toBe(false)
    expect(isR2Bucket(cloudflareR2Twin())).toBe(true)
  })

  it('names the binding it needs', () => {
    const [need] = cloudflareR2({ binding: 'MEDIA' }).bindings
    expect(need).toMatchObject({ name: 'MEDIA', what: expect.stringContaining('r2_buckets') })
    expect([need?.fits(env.BUCKET), need?.fits(env.KV)]).toEqual([true, false])
    expect(cloudflareR2().bindings.map(({ name }) => name)).toEqual(['BUCKET'])
  })

  it('keeps objects in the bucket, and states what it states', async () => {
    const provider = cloudflareR2()
    const blob = await opened(provider)
    await blob.put('dir/key', 'value', { contentType: 'text/x-sample', metadata: { owner: 'ann' } })
    const object = await env.BUCKET.get('dir/key')
    expect(await object?.text()).toBe('value')
    expect(object?.httpMetadata?.contentType).toBe('text/x-sample')
    expect(object?.customMetadata).toEqual({ owner: 'ann' })
    expect(blob.info).toEqual(provider.provides.blob)
  })

  it('is Misconfigured without its binding, or with another', async () => {
    for (const bindings of [{}, { BUCKET: env.KV }]) {
      const error = opened(cloudflareR2(), { bindings })
      await expect(error).rejects.toMatchObject({
        kind: 'Misconfigured',
        message: expect.stringContaining('"BUCKET"'),
      })
    }
  })

  it('presigns where there are credentials, and only there', async () => {
    const without = await opened(cloudflareR2())
    expect(without.info.features.presign).toBe(false)
    await expect(without.presign('key', { method: 'get', expiresInSeconds: 60 })).rejects.toMatchObject({
      kind: 'Unsupported',
    })
    const blob = await opened(cloudflareR2(), { env: credentials })
    expect(blob.info.features.presign).toBe(true)
    const url = await blob.presign('dir/a b', { method: 'get', expiresInSeconds: 60 })
    expect(url.origin).toBe('https://account.r2.cloudflarestorage.com')
    expect(url.pathname).toBe('/media/dir/a%20b')
    expect(url.searchParams.get('X-Amz-Expires')).toBe('60')
    expect(url.searchParams.get('X-Amz-Credential')).toMatch(/\/auto\/s3\/aws4_request$/)
    expect(url.searchParams.get('X-Amz-Signature')).toMatch(/^[0-9a-f]{64}$/)
    for (const [seconds, kind] of [
      [604_801, 'LimitExceeded'],
      [0, 'InvalidInput'],
    ] as const) {
      await expect(blob.presign('key', { method: 'put', expiresInSeconds: seconds })).rejects.toMatchObject({
        kind,
      })
    }
    await blob.presign('key', { method: 'put', expiresInSeconds: 604_800 })
  })

  it('tells which credentials are missing, and none that are there', async () => {
    const error = await opened(cloudflareR2(), { env: { R2_SECRET_ACCESS_KEY: 'very secret' } }).catch(
      (e: unknown) => e,
    )
    expect(error).toMatchObject({ kind: 'Misconfigured' })
    expect(String(error)).toMatch(/R2_ACCOUNT_ID.*R2_BUCKET.*R2_ACCESS_KEY_ID/)
    expect(String(error)).not.toContain('very secret')
  })

  it("has a part size within R2's bounds", async () => {
    const mebibyte = 1024 * 1024
    await opened(cloudflareR2({ partBytes: 5 * mebibyte }))
    await opened(cloudflareR2({ partBytes: 5 * 1024 * mebibyte - 5 * mebibyte }))
    for (const partBytes of [5 * mebibyte - 1, 5 * 1024 * mebibyte - 5 * mebibyte + 1, Number.NaN]) {
      await expect(opened(cloudflareR2({ partBytes }))).rejects.toMatchObject({ kind: 'Misconfigured' })
    }
  })

  it('opens the twin as its binding', async () => {
    const blob = await opened(cloudflareR2({ layers: () => [] }), {
      bindings: { BUCKET: cloudflareR2Twin() },
    })
    await blob.put('sized', new Blob(['value']).stream(), { size: 5 })
    await expect(blob.put('sized', 'again')).rejects.toMatchObject({ kind: 'RateLimited' })
  })
})

describe('r2Extras', () => {
  it('writes HTTP metadata and a checksum, and tells what R2 keeps', async () => {
    const blob = await opened(cloudflareR2())
    const extras = r2Extras(blob) ?? expect.fail('there are no extras')
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode('value')))
    const sha256 = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
    const cacheControl = 'public, max-age=60'
    const contentDisposition = 'attachment; filename="a.txt"'
    await extras
      .writing({ cacheControl, contentDisposition, sha256 })
      .put('key', 'value', { contentType: 'text/plain', metadata: { owner: 'ann' } })
    expect(await extras.details('key')).toEqual({
      storageClass: 'Standard',
      cacheControl,
      contentDisposition,
      contentEncoding: null,
      contentLanguage: null,
      md5: '2063c1608d6e0baf80249c42e2be5804',
    })
    expect(await blob.head('key')).toMatchObject({ contentType: 'text/plain', metadata: { owner: 'ann' } })
    expect(await extras.details('absent')).toBeNull()
  })

  it('refuses a body that has not the checksum, and stores nothing', async () => {
    const extras = r2Extras(await opened(cloudflareR2())) ?? expect.fail('there are no extras')
    const writing = extras.writing({ sha256: '0'.repeat(64) })
    await expect(writing.put('checked', 'value')).rejects.toMatchObject({ kind: 'Corrupt' })
    const stream = new Blob([new Uint8Array(9 * 1024 * 1024)]).stream()
    await expect(writing.put('checked', stream)).rejects.toMatchObject({ kind: 'Unsupported' })
    expect(await env.BUCKET.head('checked')).toBeNull()
  })

  it('writes storage classes, where the bucket keeps them', async () => {
    const bindings = { BUCKET: cloudflareR2Twin() }
    const extras = r2Extras(await opened(cloudflareR2(), { bindings })) ?? expect.fail('there are no extras')
    await extras.writing({ storageClass: 'InfrequentAccess' }).put('key', 'value')
    expect((await extras.details('key'))?.storageClass).toBe('InfrequentAccess')
  })
})
