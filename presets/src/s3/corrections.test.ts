import type { RequestListener } from 'node:http'
import { describe, expect, it } from 'vitest'
import { errorXml, fakeServer } from '../../test/support/fake-server.ts'
import { startRadosgw, withoutRadosgw } from '../../test/support/radosgw.ts'
import { clientFor, createBucket, nodeClientFor } from '../../test/support/s3-bucket.ts'
import type { S3ClientOptions } from './client.ts'

const server = await startRadosgw()
const bucket = 'corrections'
if (server !== null) await createBucket(clientFor(server, bucket))

const transports = [
  ['fetch', clientFor],
  ['undici', nodeClientFor],
] as const
const hour = 3_600_000
const parallel = Array.from({ length: 24 }, (_, i) => `key-${i}`)
const keys = { accessKeyId: 'k', secretAccessKey: 's' }

describe.each(transports)('what one call corrects, over %s', (_, make) => {
  const fake = async (answer: RequestListener, options: Partial<S3ClientOptions>) =>
    make(await fakeServer(answer), 'bucket', options)

  it.skipIf(server === null).each([-hour, hour])(
    `a clock that is %i ms off costs none of ${parallel.length} parallel calls${server === null ? `: ${withoutRadosgw}` : ''}`,
    async (ms) => {
      if (server === null) return
      const client = make(server, bucket, { clock: { now: () => Date.now() + ms } })
      const body = new TextEncoder().encode('value')
      const puts = parallel.map((key) => client.sendForHeaders({ method: 'PUT', key, body }))
      expect((await Promise.all(puts)).map(({ status }) => status)).toEqual(parallel.map(() => 200))
      const heads = parallel.map((key) => client.sendForHeaders({ method: 'HEAD', key }))
      expect((await Promise.all(heads)).map(({ status }) => status)).toEqual(parallel.map(() => 200))
    },
  )

  it('a call signed before the clock was corrected is sent again, though its answer comes after', async () => {
    const held: (() => void)[] = []
    const dates: string[] = []
    const client = await fake(
      (request, response) => {
        const signed = String(request.headers['x-amz-date'])
        dates.push(signed)
        const refuse = () =>
          response
            .writeHead(403, { date: new Date(2 * hour).toUTCString() })
            .end(errorXml('RequestTimeTooSkewed'))
        if (!signed.startsWith('19700101T00')) response.writeHead(200).end()
        // The first refusal waits until the second call has been corrected.
        else if (dates.length === 1) held.push(refuse)
        else refuse()
      },
      { clock: { now: () => 0 } },
    )
    const slow = client.sendForHeaders({ method: 'GET', key: 'slow' })
    await expect.poll(() => held.length).toBe(1)
    await client.sendForHeaders({ method: 'GET', key: 'quick' })
    for (const refuse of held) refuse()
    expect((await slow).status).toBe(200)
    expect(dates).toEqual(['19700101T000000Z', '19700101T000000Z', '19700101T020000Z', '19700101T020000Z'])
  })

  it('refused session credentials are asked for once, and serve every call in flight', async () => {
    let asked = 0
    const client = await fake(
      (request, response) => {
        if (request.headers['x-amz-security-token'] === 'token-1')
          response.writeHead(400).end(errorXml('ExpiredToken'))
        else response.writeHead(200).end()
      },
      {
        credentials: async () => {
          asked += 1
          return { ...keys, sessionToken: `token-${asked}` }
        },
      },
    )
    const calls = parallel.map((key) => client.sendForHeaders({ method: 'GET', key }))
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(parallel.map(() => 200))
    expect(asked).toBe(2)
  })

  it('one call survives a wrong clock and ended credentials', async () => {
    let asked = 0
    const client = await fake(
      (request, response) => {
        if (String(request.headers['x-amz-date']).startsWith('19700101T00'))
          response
            .writeHead(403, { date: new Date(2 * hour).toUTCString() })
            .end(errorXml('RequestTimeTooSkewed'))
        else if (request.headers['x-amz-security-token'] === 'token-1')
          response.writeHead(400).end(errorXml('ExpiredToken'))
        else response.writeHead(200).end()
      },
      {
        clock: { now: () => 0 },
        credentials: async () => {
          asked += 1
          return { ...keys, sessionToken: `token-${asked}` }
        },
      },
    )
    expect((await client.sendForHeaders({ method: 'GET', key: 'key' })).status).toBe(200)
  })
})
