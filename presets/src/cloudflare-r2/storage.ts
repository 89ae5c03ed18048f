/** `r2://bucket/key`: a bucket of Cloudflare, through a Worker's binding or R2's S3 endpoint. */
import type { OpenedStore, SchemeContext, StorageScheme } from '@flowport/capabilities/storage'
import type { R2BucketLike } from './binding.ts'

export interface R2SchemeOptions {
  /** By the bucket's name in URIs: the bindings of a Worker, such as `{ media: env.MEDIA }`. Default none. */
  readonly bindings?: Readonly<Record<string, R2BucketLike>>
  /** Bytes of a part of a multipart upload. From 5 MiB on. Default 8 MiB. */
  readonly partBytes?: number
}

export type R2Field = 'accountId' | 'accessKeyId' | 'secretAccessKey' | 'endpoint'

export type R2Scheme = StorageScheme<'r2', 'r2', R2Field>

/** Opens a bucket. */
export type OpenR2 = (
  bucket: string,
  options: R2SchemeOptions,
  context: SchemeContext<R2Field>,
) => OpenedStore | Promise<OpenedStore>

/** @param open How the runtime reaches a bucket. */
export function r2SchemeWith(open: OpenR2, options: R2SchemeOptions): R2Scheme {
  return {
    scheme: 'r2',
    provider: 'r2',
    fields: r2Fields,
    authority: 'store',
    open: (bucket, context) => open(bucket, options, context),
  }
}

/** A binding needs none of them: which are missing is told where they are used. */
export const r2Fields = {
  accountId: { env: ['R2_ACCOUNT_ID'] },
  accessKeyId: { env: ['R2_ACCESS_KEY_ID'] },
  secretAccessKey: { env: ['R2_SECRET_ACCESS_KEY'] },
  endpoint: { env: ['R2_ENDPOINT'] },
} as const
