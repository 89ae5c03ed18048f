/** What the platform refuses, in its own words: https://developers.cloudflare.com/kv/platform/limits/ */
import { utf8Length } from '@flowport/capabilities'
import { cloudflareKvLimits, minCacheTtlSeconds } from '../../cloudflare-kv/info.ts'
import type { TwinPutOptions } from './cloudflare-kv-namespace.ts'

export type Method = 'GET' | 'GET_BULK' | 'PUT' | 'DELETE' | 'LIST'

const { maxKeyBytes, maxValueBytes, maxMetadataBytes, minTtlSeconds, maxListKeys, maxBulkKeys } =
  cloudflareKvLimits

/** A refusal as a binding throws it. */
export function refusal(method: Method, status: number, text: string): Error {
  return new Error(`KV ${method} failed: ${status} ${text}`)
}

export function checkKey(method: Method, key: string): void {
  if (key === '') throw new TypeError('Key name cannot be empty.')
  if (key === '.' || key === '..') throw new TypeError(`"${key}" is not allowed as a key name.`)
  checkKeyLength(method, key)
}

export function checkKeyLength(method: Method, key: string): void {
  const length = utf8Length(key)
  if (length <= maxKeyBytes) return
  throw refusal(method, 414, `UTF-8 encoded length of ${length} exceeds key length limit of ${maxKeyBytes}.`)
}

export function checkKeys(keys: readonly string[]): void {
  if (keys.length < 1) throw refusal('GET_BULK', 400, 'You must request a minimum of 1 key')
  if (keys.length > maxBulkKeys) {
    throw refusal('GET_BULK', 400, `You can request a maximum of ${maxBulkKeys} keys`)
  }
  for (const key of keys) checkKey('GET_BULK', key)
}

export function checkCacheTtl(method: Method, seconds: number | undefined): void {
  if (seconds === undefined || seconds >= minCacheTtlSeconds) return
  throw refusal(
    method,
    400,
    `Invalid cache_ttl of ${seconds}. Cache TTL must be at least ${minCacheTtlSeconds}.`,
  )
}

export function checkBulkSize(bytes: number): void {
  if (bytes > maxValueBytes) throw refusal('GET_BULK', 413, 'Total size of request exceeds the limit of 25MB')
}

export function checkLimit(limit: number): void {
  if (limit <= maxListKeys) return
  throw refusal(
    'LIST',
    400,
    `Invalid key_count_limit of ${limit}. Please specify an integer less than ${maxListKeys}.`,
  )
}

export function checkSizes(value: Uint8Array, metadata: string | undefined): void {
  if (value.byteLength > maxValueBytes) {
    throw refusal('PUT', 413, `Value length of ${value.byteLength} exceeds limit of ${maxValueBytes}.`)
  }
  const length = metadata === undefined ? 0 : utf8Length(metadata)
  if (length > maxMetadataBytes) {
    throw refusal('PUT', 413, `Metadata length of ${length} exceeds limit of ${maxMetadataBytes}.`)
  }
}

/** When an entry ends, in seconds since the epoch. A time to live wins over a moment. */
export function expirationOf(options: TwinPutOptions, nowMs: number): number | undefined {
  const now = Math.floor(nowMs / 1000)
  const { expiration, expirationTtl } = options
  if (expirationTtl !== undefined) {
    if (expirationTtl >= minTtlSeconds) return now + expirationTtl
    const text = `Invalid expiration_ttl of ${expirationTtl}. Expiration TTL must be at least ${minTtlSeconds}.`
    throw refusal('PUT', 400, text)
  }
  if (expiration === undefined || expiration >= now + minTtlSeconds) return expiration
  const least = `Expiration times must be at least ${minTtlSeconds} seconds in the future.`
  throw refusal('PUT', 400, `Invalid expiration of ${expiration}. ${least}`)
}
