import { createBlobStore, type OpenContext, silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { describe, expect, it } from 'vitest'
import { s3 } from '@flowport/presets/s3'
import { S3BlobDriver } from '../../src/s3/blob-driver.ts'
import { bucketUrl } from '../../src/object-http/bucket-url.ts'
import { S3Client } from '../../src/s3/client.ts'
import { genericProfile } from '../../src/s3/profiles/generic.ts'

// The whole suite runs here too, against a real server: `s3-in-workerd.test.ts` starts it.

const env = {
  S3_BUCKET: 'media',
  S3_REGION: 'eu-central-1',
  S3_ACCESS_KEY_ID: 'some key',
  S3_SECRET_ACCESS_KEY: 'some secret',
}
const context = (more: Record<string, string> = {}): OpenContext => ({
  env: { ...env, ...more },
  log: silentLogger,
  clock: systemClock,
  bindings: {},
})

describe('preset s3 on Workers', () => {
  it('opens without bindings, and has no OpenDAL', async () => {
    const provider = s3()
    expect(provider.bindings).toEqual([])
    const { resources } = await provider.open(context())
    const blob = resources.get('blob') as never as ReturnType<typeof createBlobStore>
    const { href } = await blob.presign('a/b', { method: 'get', expiresInSeconds: 60 })
    expect(href).toMatch(
      /^https:\/\/media\.s3\.eu-central-1\.amazonaws\.com\/a\/b\?.*X-Amz-Signature=[0-9a-f]{64}$/,
    )
    const refused = Promise.resolve().then(() => provider.open(context({ S3_ENGINE: 'opendal' })))
    await expect(refused).rejects.toMatchObject({ kind: 'Misconfigured' })
  })
})

describe('S3BlobDriver in workerd', () => {
  it('passes a conditional stream of known length on in one put', async () => {
    const seen: { method: string | undefined; condition: string | null; bytes: number }[] = []
    const answering: typeof fetch = async (url, init) => {
      const request = new Request(url, init)
      seen.push({
        method: init?.method,
        condition: request.headers.get('if-none-match'),
        bytes: (await request.arrayBuffer()).byteLength,
      })
      return new Response(null, { headers: { etag: '"etag"' } })
    }
    const client = new S3Client({
      bucketUrl: bucketUrl('https://s3.test', 'bucket', 'test'),
      bucket: 'bucket',
      region: 'auto',
      accessKeyId: 'k',
      secretAccessKey: 's',
      clock: systemClock,
      fetch: answering,
    })
    const { info } = genericProfile
    const profile = { ...genericProfile, info: { ...info, features: { ...info.features, createOnly: true } } }
    const blob = createBlobStore(new S3BlobDriver({ client, profile, log: silentLogger, partBytes: 1000 }))
    const size = 3000
    const body = new Blob([new Uint8Array(size)]).stream()
    await blob.put('key', body, { size, ifNoneMatch: '*' })
    expect(seen).toMatchObject([{ method: 'PUT', condition: '*', bytes: size }])
  })
})
