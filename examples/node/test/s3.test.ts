import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clientFor, createBucket, pendingUploads } from '@flowport/presets/test/s3-bucket'
import { startRadosgw, withoutRadosgw } from '@flowport/presets/test/radosgw'
import { ask, type ExampleServer, spawnExample, startExample } from './support/example-server.ts'
import { fileRoutes } from './support/file-routes.ts'

const store = await startRadosgw()

for (const engine of ['fetch', 'opendal']) {
  describe.skipIf(store === null)(
    `profile s3, engine ${engine}${store === null ? `: ${withoutRadosgw}` : ''}`,
    () => {
      let server: ExampleServer
      const bucket = `files-${engine}`
      const env = () => ({
        FLOWPORT_PROFILE: 's3',
        S3_BUCKET: bucket,
        S3_REGION: 'us-east-1',
        S3_ENDPOINT: store?.endpoint ?? '',
        S3_ACCESS_KEY_ID: store?.accessKeyId ?? '',
        S3_SECRET_ACCESS_KEY: store?.secretAccessKey ?? '',
        S3_ROOT: 'example/',
        S3_ENGINE: engine,
        S3_PROVIDER: 'ceph',
      })
      beforeAll(async () => {
        if (store !== null) await createBucket(clientFor(store, bucket))
        server = await startExample({ env: env() })
      })
      afterAll(() => server.stop())

      fileRoutes(() => server.url)

      it('stores files in the bucket, under its root, and notes in the same store as `local`', async () => {
        await fetch(`${server.url}/files/here.txt`, { method: 'PUT', body: 'here' })
        if (store === null) return
        const xml = await clientFor(store, bucket).sendForText({
          method: 'GET',
          query: { prefix: 'example/' },
        })
        expect(xml).toMatch(/<Key>example\/[^<]*here\.txt<\/Key>/)
        expect((await ask(`${server.url}/notes/a`, 'PUT', { text: 'a' })).status).toBe(200)
        expect((await ask(`${server.url}/readyz`)).status).toBe(200)
        expect(server.banner).toContain('s3')
      })

      it('shows no secret in its banner and log', () => {
        expect(server.banner + server.stderr()).not.toContain(store?.secretAccessKey)
      })

      it('leaves no partial file in the bucket when the client aborts an upload', async () => {
        const controller = new AbortController()
        let sent = 0
        const body = new ReadableStream<Uint8Array>({
          pull(chunks) {
            if (sent > 24 * 2 ** 20) return controller.abort()
            sent += 2 ** 20
            chunks.enqueue(new Uint8Array(2 ** 20))
          },
        })
        const init = { method: 'PUT', body, duplex: 'half', signal: controller.signal }
        await expect(fetch(`${server.url}/files/half`, init as RequestInit)).rejects.toThrow()
        expect((await ask(`${server.url}/files/half`)).status).toBe(404)
        if (store === null) return
        const client = clientFor(store, bucket)
        await expect.poll(() => pendingUploads(client)).toEqual([])
      })
    },
  )
}

describe('profile s3', () => {
  it('does not start without its variables, and names all of them', async () => {
    const child = spawnExample({ FLOWPORT_PROFILE: 's3', PORT: '0' })
    let told = ''
    child.stderr?.on('data', (chunk: Buffer) => void (told += chunk.toString()))
    const code = await new Promise((resolve) => child.once('exit', resolve))
    expect(code).not.toBe(0)
    for (const name of ['S3_BUCKET']) expect(told).toContain(name)
  })
})
