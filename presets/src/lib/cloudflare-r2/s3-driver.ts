/** R2 over its S3 endpoint: the S3 driver with what is particular to R2. */
import {
  type BlobDriver,
  type BlobDriverGet,
  type BlobDriverList,
  type BlobDriverPage,
  type BlobDriverPut,
  type BlobObject,
  type BlobPresignOptions,
  type DriverCall,
  type Logger,
  type OpenedBlob,
} from '@flowport/capabilities'
import { S3BlobDriver } from '../s3/blob-driver.ts'
import type { S3Client } from '../s3/client.ts'
import type { S3Profile } from '../s3/profile.ts'
import type { R2WriteOptions } from './binding-puts.ts'
import { maxUploadBytes, r2InfoWith } from './info.ts'
import { checkR2Key } from './key.ts'

/** What the endpoint can, as its pages say. */
export const r2S3Profile: S3Profile = {
  info: r2InfoWith({ serverCopy: true, presign: true }),
  maxPutBytes: maxUploadBytes,
  // https://developers.cloudflare.com/r2/api/s3/conditional-operations/
  conditionalComplete: true,
  etags: 'quoted',
  lostRaceCodes: [],
}

export interface R2S3DriverOptions {
  readonly client: S3Client
  readonly log: Pick<Logger, 'warn'>
  /** Bytes of a part. */
  readonly partBytes: number
  /** What every put carries. Default nothing. */
  readonly write?: R2WriteOptions
  /** Default R2's. */
  readonly profile?: S3Profile
}

/** Refuses keys R2 would take for others, and leaves the rest to the S3 driver. */
export class R2S3Driver implements BlobDriver {
  readonly info: BlobDriver['info']
  readonly #s3: S3BlobDriver

  constructor({ client, log, partBytes, write = {}, profile = r2S3Profile }: R2S3DriverOptions) {
    this.info = profile.info
    this.#s3 = new S3BlobDriver({
      client,
      profile,
      partBytes,
      log,
      putHeaders: writeHeaders(write),
      sha256: write.sha256,
    })
  }

  head(key: string, call: DriverCall): Promise<BlobObject | null> {
    checkR2Key(key)
    return this.#s3.head(key, call)
  }

  /** All the endpoint tells of an object, or `null`. */
  headers(key: string, call: DriverCall): Promise<Headers | null> {
    checkR2Key(key)
    return this.#s3.headers(key, call)
  }

  get(key: string, get: BlobDriverGet): Promise<OpenedBlob | null> {
    checkR2Key(key)
    return this.#s3.get(key, get)
  }

  put(
    key: string,
    body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>,
    put: BlobDriverPut,
  ): Promise<BlobObject> {
    checkR2Key(key)
    return this.#s3.put(key, body, put)
  }

  delete(key: string, call: DriverCall): Promise<void> {
    checkR2Key(key)
    return this.#s3.delete(key, call)
  }

  deleteMany(keys: readonly string[], call: DriverCall): Promise<void> {
    for (const key of keys) checkR2Key(key)
    return this.#s3.deleteMany(keys, call)
  }

  list(list: BlobDriverList): Promise<BlobDriverPage> {
    return this.#s3.list(list)
  }

  copy(from: string, to: string, call: DriverCall): Promise<BlobObject | null> {
    checkR2Key(from)
    checkR2Key(to)
    return this.#s3.copy(from, to, call)
  }

  presign(key: string, options: BlobPresignOptions): Promise<URL> {
    checkR2Key(key)
    return this.#s3.presign(key, options)
  }

  check(call: DriverCall): Promise<void> {
    return this.#s3.check(call)
  }
}

function writeHeaders(write: R2WriteOptions): Record<string, string> {
  const headers = {
    'x-amz-storage-class': storageClasses[write.storageClass ?? 'Standard'],
    'cache-control': write.cacheControl,
    'content-disposition': write.contentDisposition,
    'content-encoding': write.contentEncoding,
    'content-language': write.contentLanguage,
  }
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

/** https://developers.cloudflare.com/r2/buckets/storage-classes/ */
const storageClasses = { Standard: undefined, InfrequentAccess: 'STANDARD_IA' } as const
