/** The R2 binding of a Worker, as far as the driver uses it. The platform's own types fit it. */
import type { BindingNeed } from '@flowport/capabilities'

export interface R2HttpMetadata {
  contentType?: string
  contentLanguage?: string
  contentDisposition?: string
  contentEncoding?: string
  cacheControl?: string
  cacheExpiry?: Date
}

export interface R2ObjectLike {
  readonly key: string
  readonly version: string
  readonly size: number
  /** Without quotes. */
  readonly etag: string
  readonly checksums: { readonly md5?: ArrayBuffer; readonly sha256?: ArrayBuffer }
  readonly uploaded: Date
  readonly httpMetadata?: R2HttpMetadata
  readonly customMetadata?: Record<string, string>
  readonly range?: { offset?: number; length?: number; suffix?: number }
  readonly storageClass: string
}

export interface R2ObjectBodyLike extends R2ObjectLike {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>
}

export interface R2Conditions {
  etagMatches?: string
  etagDoesNotMatch?: string
}

export interface R2GetOptionsLike {
  onlyIf?: R2Conditions
  range?: { offset: number; length?: number } | { suffix: number }
}

export interface R2MultipartOptionsLike {
  httpMetadata?: R2HttpMetadata
  customMetadata?: Record<string, string>
  storageClass?: string
}

export interface R2PutOptionsLike extends R2MultipartOptionsLike {
  onlyIf?: R2Conditions
  sha256?: string
}

export interface R2PartLike {
  partNumber: number
  etag: string
}

export interface R2UploadLike {
  readonly key: string
  readonly uploadId: string
  uploadPart(partNumber: number, value: Uint8Array<ArrayBuffer>): Promise<R2PartLike>
  abort(): Promise<void>
  complete(parts: R2PartLike[]): Promise<R2ObjectLike>
}

export interface R2ListOptionsLike {
  limit?: number
  prefix?: string
  cursor?: string
  delimiter?: string
  startAfter?: string
  include?: ('httpMetadata' | 'customMetadata')[]
}

export interface R2ListLike {
  readonly objects: R2ObjectLike[]
  readonly delimitedPrefixes: string[]
  readonly truncated: boolean
  readonly cursor?: string
}

export interface R2BucketLike {
  head(key: string): Promise<R2ObjectLike | null>
  /** Without a `body` when `onlyIf` does not hold. */
  get(key: string, options?: R2GetOptionsLike): Promise<R2ObjectLike | R2ObjectBodyLike | null>
  /** `null` when `onlyIf` does not hold. A stream must have a known length. */
  put(
    key: string,
    value: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>,
    options?: R2PutOptionsLike,
  ): Promise<R2ObjectLike | null>
  createMultipartUpload(key: string, options?: R2MultipartOptionsLike): Promise<R2UploadLike>
  delete(keys: string | string[]): Promise<void>
  list(options?: R2ListOptionsLike): Promise<R2ListLike>
}

/** Whether a binding of the platform can be a bucket. A KV namespace has no `head`, a Durable Object no `put`. */
export function isR2Bucket(binding: unknown): binding is R2BucketLike {
  if (typeof binding !== 'object' || binding === null) return false
  const methods = ['head', 'get', 'put', 'delete', 'list', 'createMultipartUpload']
  return methods.every((method) => typeof (binding as Record<string, unknown>)[method] === 'function')
}

/** What the preset needs of the platform. */
export function r2BindingNeed(name: string): BindingNeed {
  return { name, what: 'an R2 bucket (r2_buckets)', fits: isR2Bucket }
}
