import { type BlobStore, createBlobStore, silentLogger } from '@flowport/capabilities'
import { describe, expect, it } from 'vitest'
import { startRadosgw, withoutRadosgw } from '../../test/support/radosgw.ts'
import { clientFor, createBucket, pendingUploads } from '../../test/support/s3-bucket.ts'
import { S3BlobDriver, type S3BlobDriverOptions } from './blob-driver.ts'
import type { S3ClientOptions } from './client.ts'
import { cephProfile } from './profiles/ceph.ts'

const mebibyte = 1024 * 1024
const partBytes = 5 * mebibyte

/** A stream of no known length; `onChunk` may throw. */
function streamOf(
  length: number,
  onChunk: (sent: number) => void = () => undefined,
): ReadableStream<Uint8Array> {
  let sent = 0
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        onChunk(sent)
        const size = Math.min(600_000, length - sent)
        if (size === 0) return controller.close()
        sent += size
        controller.enqueue(new Uint8Array(size).fill(sent % 251))
      },
    },
    { highWaterMark: 0 },
  )
}

async function digest(stream: ReadableStream<Uint8Array> | undefined): Promise<string> {
  const bytes = await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer()
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex')
}

const server = await startRadosgw()
if (server !== null) await createBucket(clientFor(server, 'writes'))

describe.skipIf(server === null)(
  `writes of S3BlobDriver${server === null ? `: ${withoutRadosgw}` : ''}`,
  () => {
    /** The store, the requests it makes, and uploads that are pending. */
    function open(options: Partial<S3BlobDriverOptions> = {}, client: Partial<S3ClientOptions> = {}) {
      if (server === null) throw new Error(withoutRadosgw)
      const requests: string[] = []
      const send = client.fetch ?? fetch
      const s3 = clientFor(server, 'writes', {
        ...client,
        fetch: (url, init) => {
          const { search, searchParams } = new URL(url as string)
          const names = search === '' ? '' : `?${[...searchParams.keys()].join('&')}`
          requests.push(`${init?.method}${names}`)
          return send(url, init)
        },
      })
      const driver = new S3BlobDriver({
        client: s3,
        profile: cephProfile,
        log: silentLogger,
        partBytes,
        ...options,
      })
      return {
        blob: createBlobStore(driver),
        requests,
        pending: () => pendingUploads(clientFor(server, 'writes')),
      }
    }

    const sizeOf = async (blob: BlobStore, key: string) => (await blob.head(key))?.size ?? null

    it('signs the bytes of each part unless signParts is false', async () => {
      for (const signParts of [true, false]) {
        const hashes: string[] = []
        const { blob } = open(
          { signParts },
          {
            fetch: (url, init) => {
              if (new URL(url as string).searchParams.has('partNumber'))
                hashes.push(new Headers(init?.headers).get('x-amz-content-sha256') ?? '')
              return fetch(url, init)
            },
          },
        )
        await blob.put('signed', streamOf(partBytes + 1))
        expect(hashes).toHaveLength(2)
        for (const hash of hashes) expect(hash).toMatch(signParts ? /^[0-9a-f]{64}$/ : /^UNSIGNED-PAYLOAD$/)
        expect(await digest((await blob.get('signed'))?.stream())).toBe(await digest(streamOf(partBytes + 1)))
      }
    })

    it('one PUT up to a part, a multipart upload beyond, with type and metadata', async () => {
      const { blob, requests } = open()
      for (const size of [partBytes - 1, partBytes]) {
        requests.length = 0
        await blob.put('sizes', streamOf(size))
        expect(requests).toEqual(['PUT'])
      }
      for (const size of [partBytes + 1, 2 * partBytes, 2 * partBytes + 1]) {
        requests.length = 0
        const put = await blob.put('sizes', streamOf(size), {
          contentType: 'text/x-large',
          metadata: { owner: 'ä' },
        })
        const parts = Array.from({ length: Math.ceil(size / partBytes) }, () => 'PUT?partNumber&uploadId')
        // The last one is for the etag, which Ceph does not tell when an upload is completed.
        expect(requests).toEqual(['POST?uploads', ...parts, 'POST?uploadId', 'HEAD'])
        expect(put).toMatchObject({ size, contentType: 'text/x-large', metadata: { owner: 'ä' } })
        expect(await digest((await blob.get('sizes'))?.stream())).toBe(await digest(streamOf(size)))
      }
    })

    it('leaves no upload when the source fails, when the caller leaves, and when a part fails', async () => {
      const { blob, pending } = open()
      const failure = new Error('source broke')
      const breaking = streamOf(3 * partBytes, (sent) => {
        if (sent > 2 * partBytes) throw failure
      })
      await expect(blob.put('left', breaking)).rejects.toMatchObject({ kind: 'Unexpected', cause: failure })
      const controller = new AbortController()
      const leaving = streamOf(3 * partBytes, (sent) => {
        if (sent > 2 * partBytes) controller.abort(new Error('the caller left'))
      })
      const { signal } = controller
      await expect(blob.put('left', leaving, { signal })).rejects.toMatchObject({ kind: 'Cancelled' })
      const flaky = open(
        {},
        {
          fetch: (url, init) =>
            new URL(url as string).searchParams.get('partNumber') === '2'
              ? Promise.reject(new TypeError('fetch failed'))
              : fetch(url, init),
        },
      )
      await expect(flaky.blob.put('left', streamOf(3 * partBytes))).rejects.toMatchObject({
        kind: 'Unavailable',
      })
      // The part is sent again before the upload is given up; then it is looked whether a part came late.
      expect(
        flaky.requests.filter((request) => request === 'PUT?partNumber&uploadId').length,
      ).toBeGreaterThanOrEqual(5)
      expect(flaky.requests.slice(-2)).toEqual(['DELETE?uploadId', 'GET?max-parts&uploadId'])
      expect(await pending()).toEqual([])
      expect(await blob.head('left')).toBeNull()
    })

    it('leaves no upload when the answer that names it is lost, and stores the object all the same', async () => {
      let lost = 0
      const losing: typeof fetch = async (url, init) => {
        const answer = await fetch(url, init)
        if (!new URL(url as string).searchParams.has('uploads') || init?.method !== 'POST' || lost > 0)
          return answer
        lost += 1
        await answer.arrayBuffer()
        throw new TypeError('fetch failed')
      }
      const { blob, pending } = open({}, { fetch: losing })
      const size = partBytes + 1
      expect(await blob.put('begun twice', streamOf(size))).toMatchObject({ size })
      expect(await pending()).toEqual([])
      expect(lost).toBe(1)
    })

    it('takes an upload whose completion was answered with a broken connection for what it is: stored', async () => {
      let lost = 0
      const losing: typeof fetch = async (url, init) => {
        const answer = await fetch(url, init)
        const { searchParams } = new URL(url as string)
        if (init?.method !== 'POST' || !searchParams.has('uploadId')) return answer
        lost += 1
        await answer.arrayBuffer()
        throw new TypeError('fetch failed')
      }
      const { blob, pending } = open({}, { fetch: losing })
      const size = partBytes + 1
      const { etag } = await blob.put('completed', streamOf(size))
      expect(await blob.head('completed')).toMatchObject({ size, etag })
      expect(lost).toBe(1)
      expect(await pending()).toEqual([])
    })

    it('completes an upload again when it is told to slow down, though the same bytes are there already', async () => {
      const size = partBytes + 1
      const { blob } = open()
      await blob.put('slow', streamOf(size), { contentType: 'text/plain', metadata: { v: '1' } })
      let slow = 0
      const slowing: typeof fetch = async (url, init) => {
        if (init?.method !== 'POST' || !new URL(url as string).searchParams.has('uploadId') || slow > 0)
          return fetch(url, init)
        slow += 1
        return new Response('<Error><Code>SlowDown</Code></Error>', { status: 503 })
      }
      const { blob: slowed, pending } = open({}, { fetch: slowing })
      const wanted = { contentType: 'text/html', metadata: { v: '2' } }
      await slowed.put('slow', streamOf(size), wanted)
      expect(await blob.head('slow')).toMatchObject({ size, ...wanted })
      expect([slow, await pending()]).toEqual([1, []])
    })

    it('sends parts side by side, and each again when a connection breaks', async () => {
      let flying = 0
      let most = 0
      let broken = 0
      const shaky: typeof fetch = async (url, init) => {
        if (!new URL(url as string).searchParams.has('partNumber')) return fetch(url, init)
        flying += 1
        most = Math.max(most, flying)
        try {
          if ((broken += 1) % 2 === 1) throw new TypeError('fetch failed')
          return await fetch(url, init)
        } finally {
          flying -= 1
        }
      }
      const { blob, pending } = open({ uploadConcurrency: 3 }, { fetch: shaky })
      const size = 5 * partBytes + 17
      expect(await blob.put('side by side', streamOf(size))).toMatchObject({ size })
      expect(await digest((await blob.get('side by side'))?.stream())).toBe(await digest(streamOf(size)))
      expect(most).toBeGreaterThan(1)
      expect(most).toBeLessThanOrEqual(3)
      expect(await pending()).toEqual([])
    })

    it('finds out that a stream it could not sign was altered on its way, and deletes it', async () => {
      const altering: typeof fetch = async (url, init) => {
        if (init?.body instanceof ReadableStream) {
          const bytes = new Uint8Array(await new Response(init.body).arrayBuffer())
          bytes[7] = (bytes[7] ?? 0) ^ 1
          return fetch(url, { ...init, body: bytes })
        }
        return fetch(url, init)
      }
      const size = partBytes + 9
      const put = open({}, { fetch: altering }).blob.put('altered', streamOf(size), {
        ifNoneMatch: '*',
        size,
      })
      await expect(put).rejects.toMatchObject({ kind: 'Corrupt', retryable: 'temporary' })
      expect(await open().blob.head('altered')).toBeNull()
    })

    it('keeps conditions of large streams in one PUT of known length, where an upload in parts would not', async () => {
      const { blob, requests } = open()
      const size = 2 * partBytes + 7
      const create = { ifNoneMatch: '*' } as const
      const { etag } = await blob.put('condition', streamOf(size), { ...create, size })
      expect(requests).toEqual(['PUT'])
      const again = blob.put('condition', streamOf(size), { ...create, size })
      await expect(again).rejects.toMatchObject({ kind: 'AlreadyExists' })
      const other = blob.put('condition', streamOf(size), { ifMatch: 'other', size })
      await expect(other).rejects.toMatchObject({ kind: 'ConditionNotMatch' })
      expect(await digest((await blob.get('condition', { ifMatch: etag }))?.stream())).toBe(
        await digest(streamOf(size)),
      )
      await blob.put('condition', streamOf(size + 1), { ifMatch: etag, size: size + 1 })
      expect(await sizeOf(blob, 'condition')).toBe(size + 1)
    })

    it('a large conditional stream of known length that fails midway leaves nothing', async () => {
      const { blob } = open()
      const failure = new Error('source broke')
      const breaking = streamOf(3 * partBytes, (sent) => {
        if (sent > 2 * partBytes) throw failure
      })
      const put = blob.put('broken', breaking, { ifNoneMatch: '*', size: 3 * partBytes })
      await expect(put).rejects.toMatchObject({ cause: failure })
      expect(await blob.head('broken')).toBeNull()
    })

    it('refuses a conditional stream of unknown length beyond a part, and sends no request', async () => {
      const { blob, requests } = open()
      const put = blob.put('unknown', streamOf(partBytes + 1), { ifNoneMatch: '*' })
      await expect(put).rejects.toMatchObject({
        kind: 'LimitExceeded',
        message: expect.stringContaining('size'),
      })
      expect(requests).toEqual([])
    })

    it('copies in parts what is too large for one copy', async () => {
      const { blob, requests } = open({ profile: { ...cephProfile, maxPutBytes: partBytes } })
      const size = 2 * partBytes + 7
      await blob.put('from/ä +', streamOf(size), { contentType: 'text/x-large', metadata: { owner: 'ann' } })
      requests.length = 0
      const copied = await blob.copy('from/ä +', 'to')
      expect(requests.filter((request) => request === 'PUT?partNumber&uploadId')).toHaveLength(3)
      expect(copied).toMatchObject({ size, contentType: 'text/x-large', metadata: { owner: 'ann' } })
      expect(await digest((await blob.get('to'))?.stream())).toBe(await digest(streamOf(size)))
    })

    it('has the store refuse bytes that are not the ones expected', async () => {
      const right = await digest(new Blob(['value']).stream())
      await open({ sha256: right }).blob.put('checked', 'value')
      const { blob } = open({ sha256: right })
      await expect(blob.put('checked', 'other')).rejects.toMatchObject({ kind: 'Corrupt' })
      await expect(blob.put('checked', streamOf(partBytes + 1))).rejects.toMatchObject({
        kind: 'Unsupported',
      })
      expect(await (await blob.get('checked'))?.text()).toBe('value')
    })
  },
)
