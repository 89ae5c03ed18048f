import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createBlobStore, silentLogger } from '@flowport/capabilities'
import { afterAll, describe, expect, it } from 'vitest'
import { clientFor, nodeClientFor } from '../../test/support/s3-bucket.ts'
import { S3BlobDriver, type S3BlobDriverOptions } from '../s3/blob-driver.ts'
import { awsProfile } from '../s3/profiles/aws.ts'

const stops: (() => void)[] = []
afterAll(() => {
  for (const stop of stops) stop()
})

/** A store of one object whose connections break after the number of bytes given for each request. */
interface Flaky {
  bytes: Uint8Array<ArrayBuffer>
  etag: string
  /** Bytes of each answer before its connection breaks, in order; then answers are whole. */
  cuts: number[]
  headers: Record<string, string>
  /** Runs before a request is answered. */
  before?: (request: IncomingMessage, response: ServerResponse) => boolean
  readonly ranges: (string | undefined)[]
  readonly endpoint: string
}

async function flaky(size: number): Promise<Flaky> {
  const bytes = new Uint8Array(size).map((_, i) => (i * 7919) % 251)
  const ranges: (string | undefined)[] = []
  const state = { bytes, etag: 'one', cuts: [] as number[], headers: {}, ranges }
  const http = createServer((request, response) => {
    const told = state as Flaky
    if (told.before?.(request, response) === true) return
    const { range } = request.headers
    ranges.push(range)
    if (request.headers['if-match'] !== undefined && request.headers['if-match'] !== `"${told.etag}"`)
      return response.writeHead(412).end()
    const [, first = '0', last = ''] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? []
    const body = told.bytes.subarray(Number(first), last === '' ? told.bytes.byteLength : Number(last) + 1)
    response.writeHead(range === undefined ? 200 : 206, {
      'content-length': body.byteLength,
      etag: `"${told.etag}"`,
      'last-modified': new Date(0).toUTCString(),
      ...(range === undefined
        ? told.headers
        : {
            'content-range': `bytes ${first}-${Number(first) + body.byteLength - 1}/${told.bytes.byteLength}`,
          }),
    })
    const cut = told.cuts.shift()
    if (cut === undefined) return response.end(body)
    return response.write(body.subarray(0, cut), () => setImmediate(() => response.destroy()))
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  stops.push(() => {
    http.closeAllConnections()
    http.close()
  })
  const address = http.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return Object.assign(state, { endpoint: `http://127.0.0.1:${port}` })
}

describe.each([
  ['fetch', clientFor],
  ['undici', nodeClientFor],
])('reading over %s', (_, make) => {
  const open = ({ endpoint }: Flaky, options: Partial<S3BlobDriverOptions> = {}) => {
    const client = make({ endpoint, accessKeyId: 'k', secretAccessKey: 's' }, 'bucket')
    return createBlobStore(new S3BlobDriver({ client, profile: awsProfile, log: silentLogger, ...options }))
  }

  it('goes on where a connection broke, with the same version, as long as bytes come', async () => {
    const store = await flaky(1_000_000)
    store.cuts = [300_000, 100_000, 100_000, 100_000, 100_000, 100_000]
    const bytes = await (await open(store).get('key'))?.bytes()
    expect(bytes).toEqual(store.bytes)
    expect(store.ranges.length).toBeGreaterThan(5)
    expect(store.ranges.slice(1).every((range) => /^bytes=\d+-999999$/.test(range ?? ''))).toBe(true)
  })

  it('goes on within a range, and with a small object that is read at once', async () => {
    const store = await flaky(1_000_000)
    store.cuts = [50_000]
    const part = await open(store).get('key', { range: { offset: 200_000, length: 600_000 } })
    expect(await part?.bytes()).toEqual(store.bytes.subarray(200_000, 800_000))
    expect(store.ranges[0]).toBe('bytes=200000-799999')
    expect(store.ranges[1]).toMatch(/^bytes=2\d{5}-799999$/)
    store.cuts = [10, 10]
    const small = await open(store).get('key', { range: { offset: 5, length: 1000 } })
    expect(await small?.bytes()).toEqual(store.bytes.subarray(5, 1005))
  })

  it('gives up after some tries without a byte, with pauses that may grow each time', async () => {
    const store = await flaky(200_000)
    store.cuts = [1000, 0, 0, 0, 0, 0, 0]
    const waits: number[] = []
    const clock = { sleep: async (ms: number) => void waits.push(ms) }
    const handle = await open(store, { transferRetries: 3, clock }).get('key')
    await expect(handle?.bytes()).rejects.toMatchObject({ kind: 'Unavailable' })
    expect(waits.map((ms, i) => ms >= 0 && ms < 100 * 2 ** i)).toEqual([true, true, true])
    expect(store.ranges).toHaveLength(4)
    store.cuts = [1000]
    const once = await open(store, { transferRetries: 0 }).get('key')
    await expect(once?.bytes()).rejects.toMatchObject({ kind: 'Unavailable' })
    expect(store.ranges).toHaveLength(5)
  })

  it('waits as long as the store asks', async () => {
    const store = await flaky(200_000)
    store.cuts = [1000]
    let refused = false
    store.before = (request, response) => {
      if (request.headers.range === undefined || refused) return false
      refused = true
      response.writeHead(503, { 'retry-after': '2' }).end('<Error><Code>SlowDown</Code></Error>')
      return true
    }
    const waits: number[] = []
    const clock = { sleep: async (ms: number) => void waits.push(ms) }
    expect(await (await open(store, { clock }).get('key'))?.bytes()).toEqual(store.bytes)
    const [first = -1, second = -1] = waits
    expect([first >= 0 && first < 100, second >= 2000 && second < 2200]).toEqual([true, true])
  })

  it('gives up where the store asks to wait for longer than a minute', async () => {
    const store = await flaky(200_000)
    store.cuts = [1000]
    store.before = (request, response) => {
      if (request.headers.range === undefined) return false
      response.writeHead(503, { 'retry-after': '61' }).end('<Error><Code>SlowDown</Code></Error>')
      return true
    }
    const waits: number[] = []
    const clock = { sleep: async (ms: number) => void waits.push(ms) }
    const handle = await open(store, { clock }).get('key')
    await expect(handle?.bytes()).rejects.toMatchObject({ kind: 'RateLimited', retryAfterMs: 61_000 })
    expect(waits).toHaveLength(1)
  })

  it('never goes on with another version', async () => {
    const store = await flaky(200_000)
    store.cuts = [1000]
    const handle = await open(store).get('key')
    store.etag = 'two'
    await expect(handle?.bytes()).rejects.toMatchObject({ kind: 'ConditionNotMatch' })
    // Nor with one that a store, deaf to the condition, hands out.
    store.etag = 'one'
    store.cuts = [1000]
    const other = await open(store).get('key')
    store.before = (request) => {
      delete request.headers['if-match']
      store.etag = 'three'
      return false
    }
    await expect(other?.bytes()).rejects.toMatchObject({ kind: 'ConditionNotMatch' })
  })

  it('ends with the signal, and goes on no more', async () => {
    const store = await flaky(3_000_000)
    const controller = new AbortController()
    const handle = await open(store).get('key', { signal: controller.signal })
    const reader = handle?.stream().getReader()
    await reader?.read()
    store.cuts = []
    controller.abort(new Error('the caller left'))
    await expect(reader?.read()).rejects.toMatchObject({ kind: 'Cancelled' })
    expect(store.ranges).toHaveLength(1)
  })

  it('compares a whole object with the checksum from the store', async () => {
    for (const size of [1000, 300_000]) {
      const store = await flaky(size)
      store.cuts = [500]
      store.headers = { 'x-amz-checksum-sha256': createHash('sha256').update(store.bytes).digest('base64') }
      expect(await (await open(store).get('key'))?.bytes()).toEqual(store.bytes)
      store.bytes[7] = (store.bytes[7] ?? 0) ^ 1
      const altered = async () => (await open(store).get('key'))?.bytes()
      await expect(altered()).rejects.toMatchObject({ kind: 'Corrupt', retryable: 'temporary' })
      // Of an upload in parts it is something else.
      store.headers['x-amz-checksum-sha256'] += '-2'
      expect(await altered()).toEqual(store.bytes)
    }
  })

  it('sends the checksum along where the store keeps it', async () => {
    const store = await flaky(1)
    const seen: unknown[] = []
    store.before = (request, response) => {
      seen.push(request.headers['x-amz-checksum-sha256'], request.headers['x-amz-content-sha256'])
      request.resume().on('end', () => response.writeHead(200, { etag: '"e"' }).end())
      return true
    }
    await open(store).put('key', 'value')
    await open(store).put('key', new Blob(['value']).stream())
    const digest = createHash('sha256').update('value').digest()
    expect(seen).toEqual([1, 2].flatMap(() => [digest.toString('base64'), digest.toString('hex')]))
  })
})
