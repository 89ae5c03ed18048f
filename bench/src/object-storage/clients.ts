/** The compared clients, each in the few lines that its users would write, with its defaults. */
import { Readable } from 'node:stream'
import type { BlobStore } from '@flowport/capabilities'
import { silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { contentStream, count, small } from './content.ts'

export interface Client {
  put(key: string): Promise<void>
  /** Resolves to the length in bytes. */
  get(key: string): Promise<number>
  upload(key: string, bytes: number): Promise<void>
  /** Resolves to the length in bytes. */
  download(key: string): Promise<number>
}

export interface Target {
  readonly endpoint: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

const region = 'us-east-1'
/** Size of upload parts in bytes, the same for all clients that let one choose. */
const partBytes = 8 * 1024 ** 2

export const clients: Readonly<Record<string, (target: Target) => Promise<Client>>> = {
  'flowport-fetch': (target) => flowport(target, 'fetch'),
  'flowport-fetch-unsigned': (target) => flowport(target, 'fetch', false),
  'flowport-opendal': (target) => flowport(target, 'opendal'),
  async 'aws-sdk'({ endpoint, bucket, ...credentials }) {
    const { GetObjectCommand, PutObjectCommand, S3Client } = await import('@aws-sdk/client-s3')
    const { Upload } = await import('@aws-sdk/lib-storage')
    const client = new S3Client({ region, endpoint, credentials, forcePathStyle: true })
    const get = async (key: string) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
      if (Body === undefined) throw new Error('an answer without a body')
      return Body
    }
    return {
      async put(key) {
        await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: small }))
      },
      get: async (key) => (await (await get(key)).transformToByteArray()).byteLength,
      async upload(key, bytes) {
        const Body = Readable.fromWeb(contentStream(bytes) as never)
        await new Upload({ client, partSize: partBytes, params: { Bucket: bucket, Key: key, Body } }).done()
      },
      download: async (key) => count((await get(key)) as Readable),
    }
  },
  async aws4fetch({ endpoint, bucket, ...credentials }) {
    const { AwsClient } = await import('aws4fetch')
    const client = new AwsClient({ ...credentials, region, service: 's3' })
    const url = (key: string) => `${endpoint}/${bucket}/${key}`
    const get = async (key: string) => ok(await client.fetch(url(key)))
    return {
      async put(key) {
        await ok(await client.fetch(url(key), { method: 'PUT', body: small })).arrayBuffer()
      },
      get: async (key) => (await (await get(key)).arrayBuffer()).byteLength,
      // It only signs requests, so this is one PUT with a length known in advance.
      async upload(key, bytes) {
        const init = {
          method: 'PUT',
          body: contentStream(bytes),
          duplex: 'half',
          headers: { 'content-length': String(bytes), 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
        }
        const signed = await client.sign(url(key), { method: 'PUT', headers: init.headers })
        const headers = Object.fromEntries(signed.headers)
        await ok(await fetch(signed.url, { ...init, headers: { ...headers, ...init.headers } })).arrayBuffer()
      },
      download: async (key) => count((await get(key)).body ?? contentStream(0)),
    }
  },
  async 'files-sdk'({ endpoint, bucket, ...credentials }) {
    const { Files } = await import('files-sdk')
    const { s3Fetch } = await import('files-sdk/s3-fetch')
    const files = new Files({
      adapter: s3Fetch({ endpoint, bucket, region, forcePathStyle: true, ...credentials }),
    })
    return {
      async put(key) {
        await files.upload(key, small)
      },
      get: async (key) => (await (await files.download(key)).arrayBuffer()).byteLength,
      async upload(key, bytes) {
        // It has no multipart uploads over fetch.
        await files.upload(key, contentStream(bytes))
      },
      download: async (key) => count((await files.download(key, { as: 'stream' })).stream()),
    }
  },
  async unstorage({ endpoint, bucket, ...credentials }) {
    const { createStorage } = await import('unstorage')
    const { default: driver } = await import('unstorage/drivers/s3')
    const storage = createStorage({ driver: driver({ endpoint, bucket, region, ...credentials }) })
    const get = async (key: string) => (await storage.getItemRaw<ArrayBuffer>(key))?.byteLength ?? 0
    return {
      put: (key) => storage.setItemRaw(key, small),
      get,
      // It supports only whole values.
      async upload(key, bytes) {
        const value = new Uint8Array(bytes)
        let at = 0
        for await (const chunk of contentStream(bytes)) {
          value.set(chunk, at)
          at += chunk.byteLength
        }
        await storage.setItemRaw(key, value)
      },
      download: get,
    }
  },
}

async function flowport(target: Target, engine: 'fetch' | 'opendal', signParts = true): Promise<Client> {
  const { s3 } = await import('@flowport/presets/s3')
  const { endpoint, bucket, accessKeyId, secretAccessKey } = target
  const provider = s3({
    only: ['blob'],
    engine,
    endpoint,
    bucket,
    region,
    accessKeyId,
    secretAccessKey,
    partBytes,
    signParts,
  })
  const { resources } = await provider.open({ env: {}, bindings: {}, log: silentLogger, clock: systemClock })
  const blob = resources.get('blob') as unknown as BlobStore
  const get = async (key: string) => {
    const handle = await blob.get(key)
    if (handle === null) throw new Error(`"${key}" is not there`)
    return handle
  }
  return {
    async put(key) {
      await blob.put(key, small)
    },
    get: async (key) => (await (await get(key)).bytes()).byteLength,
    async upload(key, bytes) {
      await blob.put(key, contentStream(bytes))
    },
    download: async (key) => count((await get(key)).stream()),
  }
}

function ok(response: Response): Response {
  if (!response.ok) throw new Error(`status ${response.status}`)
  return response
}
