import { type BlobStore, controlOf, type Layer, retry, silentLogger } from '@flowport/capabilities'
import { ManualClock } from '@flowport/capabilities/testing'
import { systemClock } from '@flowport/capabilities/system'
import { describe, expect, it } from 'vitest'
import { cloudflareR2, r2Extras } from '../src/cloudflare-r2/preset.ts'
import { s3, s3Extras } from '../src/s3/preset.ts'
import { errorXml, fakeServer } from './support/fake-server.ts'
import { cloudflareR2Twin } from '../src/cloudflare/testing.ts'

const context = { env: {}, bindings: {}, log: silentLogger, clock: systemClock }

/** Notes every call that passes it. */
function noting(calls: string[]): Layer {
  return {
    name: 'noting',
    around: (call, next) => {
      calls.push(`${call.effect} ${call.operation} ${call.key ?? ''} ${call.signal?.aborted ?? 'no signal'}`)
      return next(call)
    },
  }
}

async function blobOf(provider: Pick<ReturnType<typeof s3>, 'open'>, bindings = {}) {
  const { resources } = await provider.open({ ...context, bindings })
  return resources.get('blob') as unknown as BlobStore
}

/** A store that refuses the first request of each method, and takes the next. */
async function flakyS3(layers: () => readonly Layer[]) {
  const failed = new Set<string>()
  const { endpoint } = await fakeServer((request, response) => {
    const { method = '', url = '' } = request
    request.resume()
    request.on('end', () => {
      if (!failed.has(method)) {
        failed.add(method)
        response.writeHead(503).end(method === 'HEAD' ? '' : errorXml('SlowDown'))
        return
      }
      const headers = { etag: '"etag"', 'last-modified': new Date(0).toUTCString() }
      if (method === 'HEAD') response.writeHead(200, { ...headers, 'content-length': 1 }).end()
      else response.writeHead(200, headers).end(url.includes('delete') ? '<DeleteResult/>' : '')
    })
  })
  const keys = { accessKeyId: 'key', secretAccessKey: 'secret' }
  return blobOf(s3({ endpoint, bucket: 'bucket', root: 'root', provider: 'ceph', ...keys, layers }))
}

describe('extras keep the layers', () => {
  it('s3: every write, delete and look passes them, with the same retries', async () => {
    const calls: string[] = []
    const clock = new ManualClock()
    const waits: number[] = []
    const quick = {
      now: () => clock.now(),
      monotonic: () => 0,
      sleep: async (ms: number) => void waits.push(ms),
    }
    const blob = await flakyS3(() => [retry({ clock: quick }), noting(calls)])
    const extras = s3Extras(blob)
    await extras?.writing({ storageClass: 'STANDARD_IA' }).put('key', 'value')
    await extras?.details('key')
    await extras?.deleteMany(['key'])
    await extras?.abortUpload({ key: 'key', uploadId: 'id' })
    const noted = (text: string) => [`${text} no signal`, `${text} no signal`]
    expect(calls).toEqual([
      ...noted('write put key'),
      ...noted('read head key'),
      ...noted('write deleteMany '),
      ...noted('write delete key'),
    ])
    expect(waits).toHaveLength(4)
  })

  it('s3: a node that was given the store finds them for its own run, whose end ends their calls', async () => {
    const calls: string[] = []
    const blob = await flakyS3(() => [noting(calls)])
    const run = new AbortController()
    const view = controlOf('blob', blob).view('write', { signal: run.signal }) as BlobStore
    run.abort(new Error('the run is over'))
    for (const call of [
      () => s3Extras(view)?.writing({ cacheControl: 'no-cache' }).put('key', 'value'),
      () => s3Extras(view)?.details('key'),
      () => s3Extras(view)?.deleteMany(['key']),
    ])
      await expect(call()).rejects.toMatchObject({ kind: 'Cancelled' })
    expect(calls.map((call) => call.endsWith('true'))).toEqual([true, true, true])
    expect(s3Extras(controlOf('blob', blob).view('read', undefined) as BlobStore)).toBeNull()
  })

  it('r2: over a binding as well', async () => {
    const calls: string[] = []
    const bucket = cloudflareR2Twin()
    const blob = await blobOf(cloudflareR2({ layers: () => [noting(calls)] }), { BUCKET: bucket })
    const extras = r2Extras(blob)
    await extras?.writing({ cacheControl: 'no-cache' }).put('key', 'value')
    expect(await extras?.details('key')).toMatchObject({ cacheControl: 'no-cache' })
    expect(calls).toEqual(['write put key no signal', 'read head key no signal'])
  })
})
