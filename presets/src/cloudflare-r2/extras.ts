/** `r2Extras`: what R2 can do beside the blob contract. */
import { type BlobDriver, type BlobStore, type DriverCall, layeredBlobCalls } from '@flowport/capabilities'
import { toHex } from '../object-http/encode.ts'
import type { R2BindingDriver } from './binding-driver.ts'
import type { R2WriteOptions } from './binding-puts.ts'
import type { R2S3Driver } from './s3-driver.ts'

/** What R2 knows of an object beside what `head` tells. */
export interface R2Details {
  readonly storageClass: 'Standard' | 'InfrequentAccess'
  readonly cacheControl: string | null
  readonly contentDisposition: string | null
  readonly contentEncoding: string | null
  readonly contentLanguage: string | null
  /** MD5 of the content in hexadecimal; `null` for an object that was uploaded in parts. */
  readonly md5: string | null
}

export interface R2Extras {
  /**
   * The same store with the same layers, whose puts carry these options: `writing({ cacheControl: 'no-cache' }).put(…)`.
   */
  writing(options: R2WriteOptions): BlobStore
  /** What R2 knows of the object, or `null` when it is absent. */
  details(key: string, call?: DriverCall): Promise<R2Details | null>
}

/**
 * The powers of R2, or `null` when the store is something else: another provider, a reader, or R2 under a layer that
 * changes its keys.
 */
export function r2Extras(blob: BlobStore): R2Extras | null {
  return 'put' in blob ? (extrasOf.get(blob.info)?.(blob) ?? null) : null
}

/** Remembers the powers of a store by its info, which is handed on as it is unless a layer changes what is below. */
const extrasOf = new WeakMap<object, (blob: BlobStore) => R2Extras>()

/** A driver with its extras registered. `make` opens another on the same bucket. */
export function withExtras<D extends BlobDriver>(
  make: (write: R2WriteOptions) => D,
  details: (driver: D, key: string, call: DriverCall) => Promise<R2Details | null>,
): D {
  const driver = make({})
  extrasOf.set(driver.info, (blob) => {
    const layered = layeredBlobCalls(blob)
    return {
      writing: (options) => layered.over(make(options)),
      details: (key, call) => layered.run('head', key, call, (each) => details(driver, key, each)),
    }
  })
  return driver
}

/** The details as the binding tells them. */
export async function bindingDetails(driver: R2BindingDriver, key: string): Promise<R2Details | null> {
  const object = await driver.details(key)
  if (object === null) return null
  const { httpMetadata = {}, storageClass, checksums } = object
  return {
    storageClass: storageClass === 'InfrequentAccess' ? 'InfrequentAccess' : 'Standard',
    cacheControl: httpMetadata.cacheControl ?? null,
    contentDisposition: httpMetadata.contentDisposition ?? null,
    contentEncoding: httpMetadata.contentEncoding ?? null,
    contentLanguage: httpMetadata.contentLanguage ?? null,
    md5: checksums.md5 === undefined ? null : toHex(new Uint8Array(checksums.md5)),
  }
}

/** The details as the S3 endpoint tells them. */
export async function s3Details(
  driver: R2S3Driver,
  key: string,
  call: DriverCall,
): Promise<R2Details | null> {
  const headers = await driver.headers(key, call)
  if (headers === null) return null
  const etag = headers.get('etag')?.replaceAll('"', '') ?? ''
  return {
    storageClass: headers.get('x-amz-storage-class') === 'STANDARD_IA' ? 'InfrequentAccess' : 'Standard',
    cacheControl: headers.get('cache-control'),
    contentDisposition: headers.get('content-disposition'),
    contentEncoding: headers.get('content-encoding'),
    contentLanguage: headers.get('content-language'),
    md5: /^[0-9a-f]{32}$/.test(etag) ? etag : null,
  }
}
