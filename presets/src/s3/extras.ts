/** `s3Extras`: features of S3 that the blob contract does not have. */
import {
  type BlobDriver,
  type BlobStore,
  CapabilityError,
  checkBlobKey,
  chunks,
  type DriverCall,
  layeredBlobCalls,
  type LayeredBlobCalls,
} from '@flowport/capabilities'
import type { S3BlobDriver } from './blob-driver.ts'
import type { S3Client } from './client.ts'
import { deleteKeys, type KeptKey } from './delete-many.ts'
import { bareEtag } from './object.ts'
import { abortUpload, type PendingUpload, pendingUploads } from './pending-uploads.ts'

/** Options of a put that the blob contract does not have. */
export interface S3WriteOptions {
  /** Such as `'STANDARD_IA'` or `'GLACIER_IR'`; which there are is the provider's. Default: the store's. */
  readonly storageClass?: string
  /** Encryption at the store: with its own keys, or with one of its key service. Default: the bucket's. */
  readonly encryption?: 'AES256' | { readonly kmsKeyId?: string }
  readonly cacheControl?: string
  readonly contentDisposition?: string
  readonly contentEncoding?: string
  readonly contentLanguage?: string
  /** SHA-256 of the body, 64 hexadecimal digits: another body is `Corrupt` and stores nothing. Not for bodies in parts. */
  readonly sha256?: string
  /** Bytes of a part of a multipart upload. Default: the preset's. */
  readonly partBytes?: number
  /** Parts held and sent at the same time. Default: the preset's. */
  readonly uploadConcurrency?: number
}

/** What S3 knows of an object beside what `head` tells. */
export interface S3Details {
  /** `'STANDARD'` where the store says nothing. */
  readonly storageClass: string
  /** `'AES256'`, `'aws:kms'`, or `null` where the store does not report it. */
  readonly encryption: string | null
  readonly cacheControl: string | null
  readonly contentDisposition: string | null
  readonly contentEncoding: string | null
  readonly contentLanguage: string | null
  /** MD5 of the content in hexadecimal; `null` where the etag is not an MD5, such as after an upload in parts. */
  readonly md5: string | null
}

export interface S3DeleteResult {
  readonly deleted: readonly string[]
  /** Each key that is still there, with the reason. */
  readonly kept: readonly KeptKey[]
}

export interface S3Extras {
  /** The same store with the same layers, whose puts carry these options: `writing({ storageClass: 'STANDARD_IA' }).put(…)`. */
  writing(options: S3WriteOptions): BlobStore
  /** What S3 knows of the object, or `null` when it is absent. */
  details(key: string, call?: DriverCall): Promise<S3Details | null>
  /** Deletes any number of keys and reports the result of each. Rejects when no result is known. */
  deleteMany(keys: readonly string[], call?: DriverCall): Promise<S3DeleteResult>
  /** Multipart uploads that were begun and not ended, by this process or any other. They cost storage. */
  pendingUploads(options?: { readonly prefix?: string } & DriverCall): AsyncIterable<PendingUpload>
  /** Ends one of them and frees its parts. */
  abortUpload(upload: Pick<PendingUpload, 'key' | 'uploadId'>, call?: DriverCall): Promise<void>
}

/**
 * The powers of S3, or `null` when the store is something else: another provider, a reader, or S3 under a layer that
 * changes its keys.
 */
export function s3Extras(blob: BlobStore): S3Extras | null {
  return 'put' in blob ? (extrasOf.get(blob.info)?.(blob) ?? null) : null
}

/** Remembers the powers of a store by its info, which is handed on as it is unless a layer changes what is below. */
const extrasOf = new WeakMap<object, (blob: BlobStore) => S3Extras>()

export interface S3ExtrasOptions {
  readonly client: S3Client
  /** Ends in a slash, or is empty. */
  readonly root: string
  /** Another driver on the same bucket, without the root. */
  readonly make: (write: S3WriteOptions) => S3BlobDriver
  /** Puts the root in front of all keys of a driver. */
  readonly rooted: (driver: BlobDriver) => BlobDriver
}

/** Registers the extras of a store under the driver it is made of. */
export function withS3Extras<D extends BlobDriver>(driver: D, options: S3ExtrasOptions): D {
  const { client, root, make, rooted } = options
  const own = make({})
  const { maxKeyBytes, maxBulkKeys } = driver.info.limits
  const inside = (key: string, operation: string) => {
    checkBlobKey(key, maxKeyBytes, 'blob', operation)
    return root + key
  }
  const extras = (layered: LayeredBlobCalls): S3Extras => ({
    writing: (write) => layered.over(rooted(make(write))),
    async details(key, call) {
      const full = inside(key, 'details')
      const headers = await layered.run('head', key, call, (each) => own.headers(full, each))
      if (headers === null) return null
      const etag = bareEtag(headers.get('etag'))
      return {
        storageClass: headers.get('x-amz-storage-class') ?? 'STANDARD',
        encryption: headers.get('x-amz-server-side-encryption'),
        cacheControl: headers.get('cache-control'),
        contentDisposition: headers.get('content-disposition'),
        contentEncoding: headers.get('content-encoding'),
        contentLanguage: headers.get('content-language'),
        md5: /^[0-9a-f]{32}$/.test(etag) ? etag : null,
      }
    },
    async deleteMany(keys, call) {
      const full = [...new Set(keys)].map((key) => inside(key, 'deleteMany'))
      const kept: KeptKey[] = []
      for (const chunk of chunks(full, maxBulkKeys)) {
        const left = await layered.run('deleteMany', undefined, call, ({ signal }) =>
          deleteKeys(client, chunk, signal),
        )
        for (const { key, error } of left) kept.push({ key: key.slice(root.length), error })
      }
      const left = new Set(kept.map(({ key }) => key))
      return { deleted: [...new Set(keys)].filter((key) => !left.has(key)), kept }
    },
    async *pendingUploads({ prefix = '', signal } = {}) {
      for await (const upload of pendingUploads(client, root + prefix, signal))
        yield { ...upload, key: upload.key.slice(root.length) }
    },
    abortUpload: async ({ key, uploadId }, call) => {
      const upload = { key: inside(key, 'abortUpload'), uploadId }
      await layered.run('delete', key, call, ({ signal }) => abortUpload(client, upload, signal))
    },
  })
  extrasOf.set(driver.info, (blob) => extras(layeredBlobCalls(blob)))
  return driver
}

/** The headers of puts with these options. */
export function writeHeaders(write: S3WriteOptions): Record<string, string> {
  const { encryption } = write
  const kms = typeof encryption === 'object'
  const headers = {
    'x-amz-storage-class': write.storageClass,
    'x-amz-server-side-encryption': kms ? 'aws:kms' : encryption,
    'x-amz-server-side-encryption-aws-kms-key-id': kms ? encryption.kmsKeyId : undefined,
    'cache-control': write.cacheControl,
    'content-disposition': write.contentDisposition,
    'content-encoding': write.contentEncoding,
    'content-language': write.contentLanguage,
  }
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      if (value === undefined) return []
      if (/^[\x20-\x7e]+$/.test(value)) return [[name, value]]
      throw new CapabilityError('InvalidInput', `${name} must be printable ASCII`)
    }),
  )
}
