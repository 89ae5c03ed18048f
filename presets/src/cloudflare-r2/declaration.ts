/** The `cloudflare-r2` preset without its drivers: what it reads, states and wraps, shared by its variants. */
import { CapabilityError, checkNumbers, type Clock, countRule } from '@flowport/capabilities'
import * as Type from 'typebox'
import type { Static } from 'typebox'
import type { PlatformPart } from '../platform/platform-part.ts'
import { defaultPartBytes, r2Info } from './info.ts'

export interface CloudflareR2Options {
  /** Name of the R2 binding of the Worker. Default `'BUCKET'`. */
  readonly binding?: string
  /** Name of the bucket, for the S3 endpoint. Default: the variable `R2_BUCKET`. */
  readonly bucket?: string
  /** The account the bucket is in. Default: the variable `R2_ACCOUNT_ID`. */
  readonly accountId?: string
  /** Access key of an R2 API token. Default: the variable `R2_ACCESS_KEY_ID`. */
  readonly accessKeyId?: string
  /** Its secret; keep it out of the code. Default: the variable `R2_SECRET_ACCESS_KEY`. */
  readonly secretAccessKey?: string
  /**
   * The S3 endpoint. Default: the variable `R2_ENDPOINT`, else `https://<accountId>.r2.cloudflarestorage.com`. Buckets of
   * a jurisdiction have another, such as `https://<accountId>.eu.r2.cloudflarestorage.com`.
   */
  readonly endpoint?: string
  /**
   * Bytes of a part of a multipart upload, and the most of a stream that is held in memory. 10 000 parts bound a stream
   * of unknown length, so the default bounds it to 78 GiB. From 5 MiB on. Default 8 MiB.
   */
  readonly partBytes?: number
  /** Dates signatures on the S3 endpoint. Default: the host's clock. */
  readonly clock?: Clock
}

/** The binding's name, where the options do not say. */
export const defaultBinding = 'BUCKET'

const text = (description: string) => Type.Optional(Type.String({ description }))

export const r2Env = Type.Object({
  R2_ACCOUNT_ID: text('Cloudflare account of the bucket. Node; on Workers for presigned URLs.'),
  R2_ACCESS_KEY_ID: text('Access key of an R2 API token. Node; on Workers for presigned URLs.'),
  R2_SECRET_ACCESS_KEY: text('Secret of that access key. Keep it secret.'),
  R2_BUCKET: text('Name of the bucket. Node; on Workers for presigned URLs.'),
  R2_ENDPOINT: text('S3 endpoint, where it is not that of the account.'),
})

const { minPartBytes, maxPartBytes } = r2Info.limits.multipart

/** What fits the options that are numbers. */
export const r2Numbers = { partBytes: countRule(minPartBytes, maxPartBytes) }

export const r2Provides = { blob: r2Info } as const

/** What the S3 endpoint needs, complete. */
export interface R2Credentials {
  readonly endpoint: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/**
 * The credentials of options and environment. `null` when there is none of them; `Misconfigured`, naming what is missing
 * and never what is there, when there are some.
 */
export function credentialsFrom(
  options: CloudflareR2Options,
  env: Static<typeof r2Env>,
): R2Credentials | null {
  const accountId = options.accountId ?? env.R2_ACCOUNT_ID
  const account = accountId === undefined ? undefined : `https://${accountId}.r2.cloudflarestorage.com`
  const endpoint = options.endpoint ?? env.R2_ENDPOINT ?? account
  const bucket = options.bucket ?? env.R2_BUCKET
  const accessKeyId = options.accessKeyId ?? env.R2_ACCESS_KEY_ID
  const secretAccessKey = options.secretAccessKey ?? env.R2_SECRET_ACCESS_KEY
  if (accessKeyId === undefined && secretAccessKey === undefined) return null
  const missing = Object.entries({
    'accountId (R2_ACCOUNT_ID)': endpoint,
    'bucket (R2_BUCKET)': bucket,
    'accessKeyId (R2_ACCESS_KEY_ID)': accessKeyId,
    'secretAccessKey (R2_SECRET_ACCESS_KEY)': secretAccessKey,
  }).flatMap(([name, value]) => (value === undefined || value === '' ? [name] : []))
  if (missing.length > 0)
    throw misconfigured(`${missing.join(', ')} is missing: give all of them, or no credentials`)
  return { endpoint, bucket, accessKeyId, secretAccessKey } as R2Credentials
}

/** The part size to use; `Misconfigured` when the store would refuse it. */
export function checkedPartBytes(partBytes: number = defaultPartBytes): number {
  checkNumbers('preset "cloudflare-r2"', { partBytes }, r2Numbers)
  return partBytes
}

/** An error of the preset's configuration. */
export function misconfigured(reason: string): CapabilityError {
  return new CapabilityError('Misconfigured', `preset "cloudflare-r2": ${reason}`)
}

/** What differs between Workers and Node. */
export type CloudflareR2Platform = PlatformPart<CloudflareR2Options, typeof r2Env, typeof r2Provides>
