import { generateKeyPairSync } from 'node:crypto'
import { inspect } from 'node:util'
import {
  type BlobStore,
  controlOf,
  isCapabilityError,
  type OpenContext,
  type OpenedProvider,
  silentLogger,
} from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { blobConformance } from '@flowport/capabilities/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { gcs } from './preset.ts'
import { startFakeGcs } from '../../test/support/fake-gcs.ts'

function context(more: Partial<OpenContext> = {}): OpenContext {
  return { env: {}, log: silentLogger, clock: systemClock, bindings: {}, ...more }
}

function blobOf({ resources }: Pick<OpenedProvider, 'resources'>): BlobStore {
  return resources.get('blob') as unknown as BlobStore
}

type Options = Parameters<typeof gcs>[0]

async function opened(options: Options, more: Partial<OpenContext> = {}): Promise<BlobStore> {
  return blobOf(await gcs({ ...options, engine: 'opendal' }).open(context(more)))
}

const fake = await startFakeGcs()
const { endpoint, bucket, token } = fake
for (const [name, layers] of [
  ['bare', () => []],
  ['layered', undefined],
] as const) {
  blobConformance(`engine opendal of preset gcs on FakeGcs, a fake, ${name}`, {
    clock: 'real',
    features: { createOnly: true, ranges: true, metadata: true, contentType: true, serverCopy: true },
    open: async () => {
      fake.empty()
      const own = layers === undefined ? {} : { layers }
      const provider = gcs({ endpoint, bucket, token, root: 'media/2024', engine: 'opendal', ...own })
      const open = async () => blobOf(await provider.open(context()))
      return { blob: await open(), reopen: open }
    },
  })
}

describe('engine opendal of preset gcs on FakeGcs, a fake', () => {
  beforeEach(() => {
    fake.empty()
    fake.requests.length = 0
  })
  const store = (options: Options = {}) => opened({ endpoint, bucket, token, layers: () => [], ...options })
  const sent = () => fake.requests.map(({ method, url }) => `${method} ${url}`)

  it('opens the bucket of the environment, and prefers its options', async () => {
    const env = { GCS_BUCKET: bucket, GCS_TOKEN: token, GCS_ENDPOINT: endpoint, GCS_ROOT: 'media' }
    const blob = await opened({}, { env })
    await blob.put('a/b', 'value', { contentType: 'text/x-sample', metadata: { owner: 'änn' } })
    const whole = await opened({ root: '' }, { env })
    expect((await whole.list()).objects.map(({ key }) => key)).toEqual(['media/a/b'])
    expect(await whole.head('media/a/b')).toMatchObject({
      size: 5,
      contentType: 'text/x-sample',
      metadata: { owner: 'änn' },
    })
    expect(blob.info.limits.maxKeyBytes).toBe(1024 - 'media/'.length)
    await controlOf('blob', blob).check()
  })

  it('asks for generation 0 where it is to create only, in one request also for a stream', async () => {
    const blob = await store({ chunkBytes: 7_000_000 })
    const stream = (bytes: number) => new Blob([new Uint8Array(bytes)]).stream()
    await blob.put('bytes', 'value', { ifNoneMatch: '*' })
    await blob.put('stream', stream(6_500_000), { ifNoneMatch: '*' })
    const writes = sent().filter((line) => line.startsWith('POST'))
    expect(writes).toHaveLength(2)
    for (const line of writes) expect(line).toMatch(/^POST \/upload\/.*[?&]ifGenerationMatch=0(&|$)/)
    await expect(blob.put('stream', stream(6_600_000), { ifNoneMatch: '*' })).rejects.toMatchObject({
      kind: 'AlreadyExists',
    })
    expect((await blob.head('stream'))?.size).toBe(6_500_000)
    await expect(blob.put('new', stream(7_000_001), { ifNoneMatch: '*' })).rejects.toMatchObject({
      kind: 'LimitExceeded',
    })
    expect(await blob.head('new')).toBeNull()
    await expect(blob.put('bytes', 'other', { ifMatch: 'CAE=' })).rejects.toMatchObject({
      kind: 'Unsupported',
    })
  })

  it('reads one version with If-Match, in the ranges asked for', async () => {
    const blob = await store()
    await blob.put('key', new Uint8Array(1_000_000))
    fake.requests.length = 0
    await (await blob.get('key', { range: { offset: 10, length: 600_000 } }))?.bytes()
    const reads = fake.requests.filter(({ url }) => url.endsWith('?alt=media'))
    expect(reads.length).toBeGreaterThan(0)
    for (const { headers } of reads) {
      expect(headers['if-match']).toMatch(/^"?[A-Za-z0-9+/=]+"?$/)
      expect(headers.range).toMatch(/^bytes=\d+-\d*$/)
    }
  })

  it('uploads a long stream in parts, with type and metadata, and shows it whole', async () => {
    const blob = await store({ chunkBytes: 5 * 1024 ** 2 })
    const bytes = new Uint8Array(13_000_001).fill(7)
    const metadata = { owner: 'änn' }
    await blob.put('dir/a b', new Blob([bytes]).stream(), { contentType: 'text/x-sample', metadata })
    expect(sent().filter((line) => line.startsWith('PUT'))).toHaveLength(3)
    expect(await blob.head('dir/a b')).toMatchObject({
      size: 13_000_001,
      contentType: 'text/x-sample',
      metadata,
    })
    expect(fake.pendingUploads()).toBe(0)
  })

  it('removes the parts of an aborted put, and of no other key', async () => {
    const blob = await store({ chunkBytes: 5 * 1024 ** 2, root: 'tenant' })
    const open = await fetch(`${fake.endpoint}/${fake.bucket}/tenant/key2?uploads`, {
      method: 'POST',
      headers: { authorization: `Bearer ${fake.token}` },
    })
    expect(open.status).toBe(200)
    const controller = new AbortController()
    let pulled = 0
    const body = new ReadableStream<Uint8Array>(
      {
        pull(stream) {
          if (++pulled === 14) controller.abort()
          stream.enqueue(new Uint8Array(1_048_576))
        },
      },
      { highWaterMark: 0 },
    )
    await expect(blob.put('key', body, { signal: controller.signal })).rejects.toMatchObject({
      kind: 'Cancelled',
    })
    await controlOf('blob', blob).close()
    expect(await (await store()).head('tenant/key')).toBeNull()
    // The other one.
    expect(fake.pendingUploads()).toBe(1)
    expect(sent().filter((line) => line.startsWith('DELETE'))).toEqual([
      expect.stringMatching(/^DELETE \/box\/tenant\/key\?uploadId=upload-\d+$/),
    ])
  })

  it('lists what OpenDAL would not encode: no prefix begins another parameter, no key is lost between pages', async () => {
    const blob = await store({ root: 'tenant' })
    const other = await store({ root: 'secret' })
    await other.put('x', 'value')
    const keys = 'a|a b|a"b|a#b|a%41|a%zz|a&b|a+b|a0|aA|a=b|a?b|b & c/1|b & c/2|b & c/3|ä|😀'.split('|')
    for (const key of keys) await blob.put(key, 'value')
    const ordered = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    for (const limit of [1, 2, 5, 1000]) {
      const found: string[] = []
      let cursor: string | undefined
      do {
        const page = await blob.list({ limit, ...(cursor === undefined ? {} : { cursor }) })
        found.push(...page.objects.map(({ key }) => key))
        cursor = page.cursor
      } while (cursor !== undefined)
      expect(found, String(limit)).toEqual(ordered)
    }
    for (const prefix of ['a&prefix=secret/', 'a#', 'a%41', 'a "', 'a+', 'b & c/'])
      expect(
        (await blob.list({ prefix })).objects.map(({ key }) => key),
        prefix,
      ).toEqual(ordered.filter((key) => key.startsWith(prefix)))
    const { prefixes, objects } = await blob.list({ prefix: 'b', delimiter: '/' })
    expect([prefixes, objects]).toEqual([['b & c/'], []])
    const asked = fake.requests.map(({ url }) => new URL(url, endpoint).searchParams)
    for (const query of asked) {
      expect(query.getAll('prefix').length).toBeLessThanOrEqual(1)
      expect(query.get('prefix') ?? 'tenant/').toMatch(/^(tenant|secret)\//)
    }
  })

  it('lets no key out of its root, and refuses those Google does not take', async () => {
    const blob = await store({ root: 'tenant' })
    for (const key of [
      '../secret/x',
      'a/../../secret/x',
      '..',
      ' a',
      'a ',
      'a\rb',
      'a\nb',
      '.well-known/acme-challenge/x',
    ])
      await expect(blob.put(key, 'value'), key).rejects.toMatchObject({ kind: 'InvalidInput' })
    expect(fake.requests).toEqual([])
  })

  it('asks for storage class and access of new objects', async () => {
    const blob = await store({ storageClass: 'NEARLINE', predefinedAcl: 'projectPrivate' })
    await blob.put('key', 'value')
    expect(sent()[0]).toContain('predefinedAcl=projectPrivate')
    const response = await fetch(`${endpoint}/storage/v1/b/${bucket}/o/key`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(await response.json()).toMatchObject({ storageClass: 'NEARLINE' })
  })

  it('says what to check when Google does not accept the token, the account may not, or there is no bucket', async () => {
    await expect((await store({ token: 'other' })).get('key')).rejects.toMatchObject({
      kind: 'Unauthenticated',
      message: expect.stringContaining('GCS_CREDENTIAL'),
    })
    fake.faults.push({ status: 403 })
    await expect((await store()).get('key')).rejects.toMatchObject({
      kind: 'PermissionDenied',
      message: expect.stringContaining('Storage Object User'),
    })
    await expect((await store({ bucket: 'none' })).put('key', 'value')).rejects.toMatchObject({
      kind: 'Misconfigured',
      message: expect.stringContaining('GCS_BUCKET'),
    })
  })

  it('is retried by its layers when it is busy, and reports how long to wait', async () => {
    const blob = await store()
    fake.faults.push({ status: 429, headers: { 'retry-after': '2' } })
    await expect(blob.put('key', 'value')).rejects.toMatchObject({ kind: 'RateLimited', retryAfterMs: 2000 })
    const layered = await opened({ endpoint, bucket, token })
    fake.faults.push({ status: 503 }, { status: 502 })
    await layered.put('key', 'value')
    expect(await (await layered.get('key'))?.text()).toBe('value')
    expect(controlOf('blob', layered).layers).toEqual(['logging', 'retry', 'timeout'])
  })

  it('shows token and key in no error, log, inspection or JSON', async () => {
    const logged: unknown[] = []
    const keep = (...line: unknown[]) => void logged.push(line)
    const log = { debug: keep, info: keep, warn: keep, error: keep }
    const shown: unknown[] = []
    for (const place of [endpoint, 'http://127.0.0.1:9']) {
      for (const options of [{ token }, { token: 'ya29.MARKERWRONG' }, { credential: serviceAccount() }]) {
        const provider = gcs({
          endpoint: place,
          bucket,
          ...options,
          engine: 'opendal',
          layers: (all) => all.slice(0, 1),
        })
        const open = await provider.open(context({ log }))
        const blob = blobOf(open)
        shown.push(provider, open, blob)
        // Without a network, the key of a service account cannot be exchanged for a token.
        const calls =
          'credential' in options
            ? [() => blob.presign('key', { method: 'get', expiresInSeconds: 0 })]
            : [
                () => blob.get('key'),
                () => blob.put('key', 'value'),
                () => blob.list(),
                () => blob.copy('a', 'b'),
                () => blob.delete('key'),
              ]
        for (const call of calls) {
          if (place === endpoint) fake.faults.push({ status: 500 })
          shown.push(
            await call().then(
              () => null,
              (error: unknown) => error,
            ),
          )
          fake.faults.length = 0
        }
      }
    }
    shown.push(logged)
    expect(shown.filter(isCapabilityError).length).toBeGreaterThan(20)
    for (const one of shown) {
      const text = inspect(one, { depth: 12, showHidden: true }) + JSON.stringify(one)
      expect(text).not.toMatch(/MARKER|PRIVATE KEY/)
    }
    expect(logged.length).toBeGreaterThan(0)
  })
})

/** A key of a service account nobody has. */
function serviceAccount(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const key = {
    type: 'service_account',
    project_id: 'flowport',
    private_key_id: 'MARKERID',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    client_email: 'tests@flowport.iam.gserviceaccount.com',
    client_id: '1',
    token_uri: 'http://127.0.0.1:9/token',
  }
  return JSON.stringify(key)
}
