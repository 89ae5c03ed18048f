import type { RequestListener } from 'node:http'
import { createBlobStore, silentLogger } from '@flowport/capabilities'
import { describe, expect, it } from 'vitest'
import { cutShort, errorXml, fakeServer } from '../../test/support/fake-server.ts'
import { clientFor, nodeClientFor } from '../../test/support/s3-bucket.ts'
import { S3BlobDriver } from './blob-driver.ts'
import { LedgerRecords } from './dedupe/records.ts'
import { cephProfile } from './profiles/ceph.ts'

const transports = [
  ['fetch', clientFor],
  ['undici', nodeClientFor],
] as const
const temporary = { kind: 'Unavailable', retryable: 'temporary' }
const mib = 1024 * 1024
const partEtag = 'd41d8cd98f00b204e9800998ecf8427e'

describe.each(transports)('answers that are cut after their headers, over %s', (_, make) => {
  const opened = async (answer: RequestListener, maxPutBytes = cephProfile.maxPutBytes) => {
    const client = make(await fakeServer(answer), 'bucket')
    const profile = { ...cephProfile, maxPutBytes }
    const driver = new S3BlobDriver({ client, profile, log: silentLogger, partBytes: 5 * mib })
    return { client, driver, blob: createBlobStore(driver) }
  }

  it.each([
    ['NoSuchBucket', 404],
    ['SignatureDoesNotMatch', 403],
    ['ExpiredToken', 400],
    ['ConditionalRequestConflict', 409],
  ] as const)(
    '%s without its code may be asked again: status %i means several things',
    async (code, status) => {
      const { blob } = await opened((request, response) => {
        request.resume()
        cutShort(response, status, errorXml(code))
      })
      await expect(blob.get('key')).rejects.toMatchObject(temporary)
      await expect(blob.list()).rejects.toMatchObject(temporary)
      await expect(blob.deleteMany(['key'])).rejects.toMatchObject(temporary)
      await expect(blob.put('key', 'value')).rejects.toMatchObject(temporary)
    },
  )

  it('an error document that ends too early in good order may be asked again', async () => {
    const { blob } = await opened((_, response) =>
      response.writeHead(404).end(errorXml('NoSuchBucket').slice(0, 40)),
    )
    await expect(blob.get('key')).rejects.toMatchObject(temporary)
  })

  it.each([
    [412, 'ConditionNotMatch'],
    [416, 'RangeNotSatisfied'],
    [429, 'RateLimited'],
    [503, 'Unavailable'],
  ] as const)('status %i means %s without its code', async (status, kind) => {
    const { blob } = await opened((_, response) => cutShort(response, status, errorXml('Whatever')))
    await expect(blob.get('key')).rejects.toMatchObject({ kind })
  })

  it('lists of pending uploads and parts, and records of the ledger, may be asked for again', async () => {
    const { client, driver } = await opened((_, response) =>
      cutShort(response, 200, `<R>${'x'.repeat(100)}</R>`),
    )
    const { countParts, pendingUploads } = await import('./pending-uploads.ts')
    await expect(countParts(client, { key: 'key', uploadId: 'id' })).rejects.toMatchObject(temporary)
    await expect(pendingUploads(client, '').next()).rejects.toMatchObject(temporary)
    const records = new LedgerRecords(client, driver, 'dedupe/')
    await expect(records.get('dedupe/key', {})).rejects.toMatchObject(temporary)
  })

  /** Takes uploads in parts; the answer to completing one is cut, and the object is there. */
  function cuttingCompletion(etag: string): { readonly answer: RequestListener; readonly asked: string[] } {
    const asked: string[] = []
    let isComplete = false
    const dated = { 'last-modified': new Date().toUTCString() }
    const answer: RequestListener = (request, response) => {
      request.resume()
      const { searchParams, pathname } = new URL(request.url ?? '', 'http://fake')
      const isSource = pathname.endsWith('/source')
      request.on('end', () => {
        if (searchParams.has('uploads')) response.end('<R><UploadId>id</UploadId></R>')
        else if (request.method === 'POST') {
          isComplete = true
          asked.push('complete')
          cutShort(response, 200, `<R><ETag>"${etag}"</ETag></R>`)
        } else if (request.method === 'DELETE') {
          asked.push('abort')
          response.writeHead(204).end()
        } else if (request.method !== 'HEAD') {
          const body = '<R><ETag>' + partEtag + '</ETag></R>'
          response.writeHead(200, { etag: `"${partEtag}"` }).end(request.method === 'PUT' ? body : '')
        } else if (isSource)
          response.writeHead(200, { ...dated, etag: '"s"', 'content-length': 10 * mib }).end()
        else if (isComplete)
          response.writeHead(200, { ...dated, etag: `"${etag}"`, 'content-length': 6 * mib }).end()
        else response.writeHead(404).end()
      })
    }
    return { answer, asked }
  }
  // MD5 of the two parts' MD5s, as the store makes it.
  const etagOfTwo = '5873dd45edd01f09c1ef2e7819369e8e-2'

  it('completing an upload is found done, and nothing is aborted', async () => {
    const { answer, asked } = cuttingCompletion(etagOfTwo)
    const { blob } = await opened(answer)
    const body = new Blob([new Uint8Array(6 * mib)]).stream()
    expect(await blob.put('key', body)).toMatchObject({ etag: etagOfTwo, size: 6 * mib })
    expect(asked).toEqual(['complete'])
  })

  it('a copy in parts is found done, and nothing is aborted', async () => {
    const { answer, asked } = cuttingCompletion(etagOfTwo)
    const { blob } = await opened(answer, 5 * mib)
    expect(await blob.copy('source', 'target')).toMatchObject({ etag: etagOfTwo })
    expect(asked).toEqual(['complete'])
  })
})
