import type { RequestListener } from 'node:http'
import { inspect } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createBlobStore, isCapabilityError, silentLogger } from '@flowport/capabilities'
import { describe, expect, it } from 'vitest'
import { errorXml, fakeServer } from '../../test/support/fake-server.ts'
import { startRadosgw, withoutRadosgw } from '../../test/support/radosgw.ts'
import { clientFor, createBucket, nodeClientFor } from '../../test/support/s3-bucket.ts'
import { S3BlobDriver, type S3BlobDriverOptions } from './blob-driver.ts'
import { bucketUrl } from '../object-http/bucket-url.ts'
import type { S3Client, S3ClientOptions } from './client.ts'
import { cephProfile } from './profiles/ceph.ts'

const server = await startRadosgw()
if (server !== null) await createBucket(clientFor(server, 'client'))

const open = (client: S3Client, options: Partial<S3BlobDriverOptions> = {}) =>
  createBlobStore(new S3BlobDriver({ client, profile: cephProfile, log: silentLogger, ...options }))

const transports = [
  ['fetch', clientFor],
  ['undici', nodeClientFor],
] as const

describe.skipIf(server === null).each(transports)(
  `S3Client over %s${server === null ? `: ${withoutRadosgw}` : ''}`,
  (name, make) => {
    const on = (bucket: string, options: Partial<S3ClientOptions> = {}) => {
      if (server === null) throw new Error(withoutRadosgw)
      return make(server, bucket, options)
    }
    const hour = 3_600_000
    const skewed = (ms: number) => ({ now: () => Date.now() + ms })

    it.each([
      ['a wrong secret', { secretAccessKey: 'very wrong' }, 'Unauthenticated'],
      ['an unknown access key', { accessKeyId: 'nobody' }, 'Unauthenticated'],
    ] as const)('is refused with %s, and tells no secret', async (_, options, kind) => {
      const error: unknown = await open(on('client', options))
        .put('key', 'value')
        .catch((e: unknown) => e)
      expect(error).toMatchObject({ kind, retryable: 'never' })
      const shown = inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error)
      for (const secret of [
        server?.secretAccessKey,
        server?.accessKeyId,
        'very wrong',
        'nobody',
        'AWS4-HMAC',
      ]) {
        expect(shown).not.toContain(secret)
      }
    })

    it.each([-hour, hour])('works with a clock that is %i ms off, also for presigned URLs', async (ms) => {
      const client = on('client', { clock: skewed(ms) })
      const blob = open(client)
      await blob.put('skewed', 'value')
      expect(Math.abs(client.now() - Date.now())).toBeLessThan(60_000)
      expect(await (await blob.get('skewed'))?.text()).toBe('value')
      const url = await blob.presign('skewed', { method: 'get', expiresInSeconds: 60 })
      expect(await (await fetch(url)).text()).toBe('value')
      // An answer to HEAD names no reason; the date tells.
      expect(await open(on('client', { clock: skewed(ms) })).head('skewed')).toMatchObject({ size: 5 })
    })

    it('calls the credentials function one time for all concurrent requests', async () => {
      if (server === null) return
      let asked = 0
      const { accessKeyId, secretAccessKey } = server
      const credentials = async () => {
        asked += 1
        return { accessKeyId, secretAccessKey }
      }
      const blob = open(on('client', { credentials }))
      await Promise.all(['a', 'b', 'c'].map((key) => blob.put(`asked/${key}`, key)))
      expect(asked).toBe(1)
    })

    it('reads and writes without credentials where the bucket lets anybody', async () => {
      const admin = on('public')
      await admin.sendForHeaders({ method: 'PUT', headers: { 'x-amz-acl': 'public-read' } })
      await admin.sendForHeaders({
        method: 'PUT',
        key: 'key',
        body: new TextEncoder().encode('value'),
        headers: { 'x-amz-acl': 'public-read' },
      })
      const blob = open(on('public', { credentials: 'anonymous' }))
      expect(await (await blob.get('key'))?.text()).toBe('value')
      expect((await blob.list()).objects).toHaveLength(1)
      await expect(blob.put('key', 'other')).rejects.toMatchObject({ kind: 'PermissionDenied' })
    })

    it('sends no key that leads elsewhere', async () => {
      let sent = 0
      const transport = { decodes: false, send: () => Promise.reject(new Error(`sent ${(sent += 1)}`)) }
      const driver = new S3BlobDriver({
        client: on('client', { transport }),
        profile: cephProfile,
        log: silentLogger,
      })
      const put = { contentType: null, metadata: {} }
      for (const key of ['..', '../other/key', 'a/../../b', 'a/./b', 'a/..']) {
        const calls = [
          () => driver.head(key, {}),
          () => driver.get(key, {}),
          () => driver.put(key, new Uint8Array(1), put),
          () => driver.delete(key, {}),
          () => driver.deleteMany(['good', key], {}),
          () => driver.copy(key, 'good', {}),
          () => driver.presign(key, { method: 'get', expiresInSeconds: 1 }),
        ]
        for (const call of calls) await expect(call()).rejects.toMatchObject({ kind: 'InvalidInput' })
      }
      expect(sent).toBe(0)
    })

    it('says that the bucket is missing', async () => {
      await expect(open(on('absent')).put('key', 'value')).rejects.toMatchObject({
        kind: 'Misconfigured',
        details: { s3: 'NoSuchBucket', status: 404 },
      })
    })

    it('reads what is stored encoded as it is, or not at all where fetch would decode it', async () => {
      const blob = open(on('client'), { putHeaders: { 'content-encoding': 'gzip' } })
      await blob.put('encoded', 'not really gzip')
      if (name === 'fetch') await expect(blob.get('encoded')).rejects.toMatchObject({ kind: 'Unsupported' })
      else expect(await (await blob.get('encoded'))?.text()).toBe('not really gzip')
      expect(await blob.head('encoded')).toMatchObject({ size: 15 })
    })

    it('makes URLs that work for their method, key and time only', async () => {
      const blob = open(on('client'))
      await blob.put('signed', 'value')
      const url = await blob.presign('signed', { method: 'get', expiresInSeconds: 60 })
      expect(await (await fetch(url)).text()).toBe('value')
      expect((await fetch(url, { method: 'PUT', body: 'other' })).status).toBe(403)
      url.pathname = url.pathname.replace('signed', 'other')
      expect((await fetch(url)).status).toBe(403)
      const late = await open(on('client', { clock: skewed(-hour) })).presign('signed', {
        method: 'get',
        expiresInSeconds: 60,
      })
      expect((await fetch(late)).status).toBe(403)
    })
  },
)

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes in buffers that somebody still holds. */
function liveBytes(): number {
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}

describe.each(transports)('S3Client over %s, on a fake', (_, make) => {
  const fake = async (answer: RequestListener, options: Partial<S3ClientOptions> = {}): Promise<S3Client> =>
    make(await fakeServer(answer), 'bucket', options)

  it('sends a request once, whatever the answer', async () => {
    let requests = 0
    const client = await fake((_, response) => {
      requests += 1
      response.writeHead(503).end(errorXml('SlowDown'))
    })
    await expect(open(client).head('key')).rejects.toMatchObject({ kind: 'Unavailable' })
    await expect(open(client).put('key', 'value')).rejects.toMatchObject({ kind: 'RateLimited' })
    expect(requests).toBe(2)
  })

  it('follows no redirect, as credentials would go along', async () => {
    let followed = 0
    const target = await fake(() => (followed += 1))
    const elsewhere = (await target.presign('GET', 'key', 60)).href
    const client = await fake((_, response) => response.writeHead(307, { location: elsewhere }).end())
    await expect(open(client).put('key', 'value')).rejects.toMatchObject({ kind: 'Misconfigured' })
    await expect(open(client).get('key')).rejects.toMatchObject({ kind: 'Misconfigured' })
    expect(followed).toBe(0)
  })

  it('reports how long to wait', async () => {
    const client = await fake((request, response) => {
      const after = request.url?.includes('date') ? new Date(Date.now() + 60_000).toUTCString() : '7'
      response.writeHead(429, { 'retry-after': after }).end(errorXml('TooManyRequests'))
    })
    await expect(open(client).get('key')).rejects.toMatchObject({ kind: 'RateLimited', retryAfterMs: 7000 })
    const error: unknown = await open(client)
      .get('date')
      .catch((e: unknown) => e)
    const wait = isCapabilityError(error) ? (error.retryAfterMs ?? 0) : 0
    expect(wait).toBeGreaterThan(50_000)
    expect(wait).toBeLessThanOrEqual(60_000)
  })

  it.each([
    [500, 'InternalError', 'Unavailable'],
    [403, 'AccessDenied', 'PermissionDenied'],
    [400, 'EntityTooLarge', 'LimitExceeded'],
    [400, 'BadDigest', 'Corrupt'],
    [501, 'NotImplemented', 'Unsupported'],
    [400, 'RequestTimeout', 'Timeout'],
    [400, 'SomethingNew', 'Unexpected'],
    [502, '', 'Unavailable'],
  ] as const)('status %i %s is %s', async (status, code, kind) => {
    const client = await fake((_, response) => {
      response.writeHead(status).end(code === '' ? '<html>bad gateway</html>' : errorXml(code))
    })
    await expect(open(client).put('key', 'value')).rejects.toMatchObject({ kind })
  })

  it('a download that breaks off is Unavailable', async () => {
    const client = await fake((_, response) => {
      const headers = { 'content-length': 1000, etag: '"x"', 'last-modified': new Date().toUTCString() }
      response.writeHead(200, headers)
      response.write('beginning', () => response.destroy())
    })
    const read = async () => (await open(client).get('key'))?.bytes()
    await expect(read()).rejects.toMatchObject({ kind: 'Unavailable' })
  })

  it('nobody there is Unavailable', async () => {
    const client = await fake((request) => request.socket.destroy())
    await expect(open(client).head('key')).rejects.toMatchObject({
      kind: 'Unavailable',
      retryable: 'temporary',
    })
  })

  it('an endpoint that is no S3 is Unexpected, and says so', async () => {
    const client = await fake((_, response) => response.writeHead(200).end('<html>hello</html>'))
    const refusal = { kind: 'Unexpected', message: expect.stringContaining('S3 endpoint') }
    await expect(open(client).get('key')).rejects.toMatchObject(refusal)
    await expect(open(client).list()).rejects.toMatchObject(refusal)
  })

  it('reports the objects that a bulk delete kept', async () => {
    const client = await fake((_, response) => {
      const kept =
        '<Error><Key>a</Key><Code>AccessDenied</Code></Error><Error><Key>c</Key><Code>NoSuchKey</Code></Error>'
      response.writeHead(200).end(`<DeleteResult>${kept}</DeleteResult>`)
    })
    await expect(open(client).deleteMany(['a', 'b', 'c'])).rejects.toMatchObject({
      kind: 'PermissionDenied',
      details: { kept: 1, keys: ['a'], s3: 'AccessDenied' },
    })
  })

  it.each(['<ListBucketResult><Contents><Key>a</Key>', '<ListBucketResult></ListBucketResult', ''])(
    'a listing cut to %j is an error, and may be asked for again',
    async (xml) => {
      const client = await fake((_, response) => response.writeHead(200).end(xml))
      const refusal = { kind: 'Unavailable', retryable: 'temporary' }
      await expect(open(client).list()).rejects.toMatchObject(refusal)
      await expect(open(client).deleteMany(['a'])).rejects.toMatchObject(refusal)
    },
  )

  it('says what to do when session credentials have ended, and asks a function for new ones', async () => {
    const tokens: unknown[] = []
    const answer: RequestListener = (request, response) => {
      request.resume()
      tokens.push(request.headers['x-amz-security-token'])
      if (tokens.at(-1) === 'new') response.writeHead(200, { etag: '"e"', 'content-length': 0 }).end()
      else response.writeHead(400).end(errorXml('ExpiredToken'))
    }
    const keys = { accessKeyId: 'k', secretAccessKey: 's' }
    const fixed = await fake(answer, { credentials: { ...keys, sessionToken: 'old' } })
    await expect(open(fixed).put('key', 'x')).rejects.toMatchObject({
      kind: 'Unauthenticated',
      message: expect.stringMatching(/expired.*function/),
    })
    expect(tokens).toEqual(['old'])
    let asked = 0
    const client = await fake(answer, {
      credentials: async () => ({ ...keys, sessionToken: (asked += 1) === 1 ? 'old' : 'new' }),
    })
    await open(client).put('key', 'x')
    await open(client).put('key', 'x')
    expect(tokens).toEqual(['old', 'old', 'new', 'new'])
  })

  it('learns the clock once, and gives up where that does not help', async () => {
    let requests = 0
    const client = await fake((_, response) => {
      requests += 1
      response.writeHead(403, { date: new Date(0).toUTCString() }).end(errorXml('RequestTimeTooSkewed'))
    })
    await expect(open(client).get('key')).rejects.toMatchObject({
      kind: 'Unauthenticated',
      message: expect.stringContaining('clock'),
    })
    expect(requests).toBe(2)
  })

  it('a signal ends a call that nobody answers, at once and with its reason', async () => {
    const client = await fake((request) => request.resume())
    for (const request of [
      { method: 'GET', key: 'key' },
      { method: 'PUT', key: 'key', body: new Uint8Array(100_000) },
    ] as const) {
      const controller = new AbortController()
      const reason = new Error('the caller left')
      const call = client.send({ ...request, signal: controller.signal }).catch((error: unknown) => error)
      setTimeout(() => controller.abort(reason), 20)
      const error: unknown = await call
      expect([error, (error as Error).cause]).toContain(reason)
      const gone = client.send({ ...request, signal: AbortSignal.abort(reason) }).catch((e: unknown) => e)
      const second: unknown = await gone
      expect([second, (second as Error).cause]).toContain(reason)
    }
  })

  it('completing an upload carries its condition, and an error sent with status 200 is one', async () => {
    const seen: Record<string, unknown>[] = []
    let code = 'PreconditionFailed'
    const client = await fake((request, response) => {
      request.resume()
      const { searchParams } = new URL(request.url ?? '', 'http://fake')
      if (request.method === 'HEAD') response.writeHead(404).end()
      else if (searchParams.has('uploads')) response.end('<R><UploadId>id</UploadId></R>')
      else if (request.method === 'POST') {
        seen.push({ ...request.headers })
        response.end(errorXml(code))
      } else response.writeHead(200, { etag: '"part"' }).end()
    })
    const blob = open(client, {
      profile: { ...cephProfile, conditionalComplete: true, etags: 'quoted' },
      partBytes: 5 * 1024 * 1024,
    })
    const large = () => new Blob([new Uint8Array(6 * 1024 * 1024)]).stream()
    await expect(blob.put('key', large(), { ifNoneMatch: '*' })).rejects.toMatchObject({
      kind: 'AlreadyExists',
    })
    expect(seen[0]).toMatchObject({ 'if-none-match': '*' })
    code = 'InternalError'
    await expect(blob.put('key', large())).rejects.toMatchObject({ kind: 'Unavailable' })
  })

  it('sends a large stream with the memory of a few parts', async () => {
    const size = 160 * 1024 * 1024
    let received = 0
    const client = await fake((request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'http://fake')
      request.on('data', (chunk: Buffer) => (received += chunk.byteLength))
      request.on('end', () => {
        response.writeHead(200, { etag: '"etag"' })
        if (searchParams.has('uploads')) response.end('<R><UploadId>id</UploadId></R>')
        else response.end(request.method === 'POST' ? '<R><ETag>"etag-1"</ETag></R>' : '')
      })
    })
    let sent = 0
    let peak = 0
    const before = liveBytes()
    const stream = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (sent === size) return controller.close()
          sent += 65_536
          controller.enqueue(new Uint8Array(65_536))
          if (sent % (4 * 1024 * 1024) === 0) peak = Math.max(peak, liveBytes() - before)
        },
      },
      { highWaterMark: 0 },
    )
    await open(client, { uploadConcurrency: 1 }).put('large', stream)
    expect(received).toBeGreaterThanOrEqual(size)
    // A part of 8 MiB, fetch's copies of it, and what is between the two ends of the connection, both of which are here.
    expect(peak).toBeLessThan(size / 2)
  })

  it('names the failed condition of a lost race by the current object, where the store sends another code', async () => {
    const headers = { etag: '"new"', 'content-length': 1, 'last-modified': new Date().toUTCString() }
    const client = await fake((request, response) => {
      request.resume()
      if (request.method === 'HEAD') response.writeHead(200, headers).end()
      else response.writeHead(409).end(errorXml('ConditionalRequestConflict'))
    })
    const blob = open(client)
    await expect(blob.put('key', 'x', { ifNoneMatch: '*' })).rejects.toMatchObject({ kind: 'AlreadyExists' })
    await expect(blob.put('key', 'x', { ifMatch: 'old' })).rejects.toMatchObject({
      kind: 'ConditionNotMatch',
    })
    await expect(blob.put('key', 'x', { ifMatch: 'new' })).rejects.toMatchObject({ kind: 'Unavailable' })
  })

  it('shows no credentials to JSON and inspect', async () => {
    const client = await fake(() => undefined)
    for (const shown of [client, open(client)]) {
      const text = inspect(shown, { depth: 10, showHidden: true }) + JSON.stringify(shown)
      expect(text).not.toMatch(/some key|some secret/)
    }
  })

  it('takes an endpoint that is one', () => {
    expect(bucketUrl('https://s3.test/base/', 'bucket', 'x').href).toBe('https://s3.test/base/bucket')
    for (const endpoint of [
      '',
      's3.test',
      'ftp://s3.test',
      'https://user:pass@s3.test',
      'https://s3.test?x=1',
    ]) {
      expect(() => bucketUrl(endpoint, 'bucket', 'x')).toThrow(
        expect.objectContaining({ kind: 'Misconfigured' }),
      )
    }
  })
})
