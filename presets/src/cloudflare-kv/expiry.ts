/** When an entry ends, as the platform takes it: whole seconds, either from now or since the epoch. */
import { checkNumbers, countRule, longestLifeMs } from '@flowport/capabilities'
import { cloudflareKvLimits } from './info.ts'

export type PlatformExpiry =
  | { readonly expirationTtl: number }
  | { readonly expiration: number }
  | Readonly<Record<never, never>>

const { minTtlSeconds } = cloudflareKvLimits
const mostSeconds = longestLifeMs / 1000

/**
 * The platform counts its 60 seconds from when it gets the write. A moment near that bound would be refused after a slow
 * request, a retry or with a clock that is ahead, so up to a minute above it the time from now is sent instead.
 *
 * @param expiresAt Milliseconds since the epoch, or nothing for the namespace's default.
 */
export function platformExpiry(
  expiresAt: number | undefined,
  defaultTtlSeconds: number | undefined,
  now: number,
): PlatformExpiry {
  if (expiresAt === undefined) {
    return defaultTtlSeconds === undefined ? {} : { expirationTtl: defaultTtlSeconds }
  }
  const seconds = Math.ceil((expiresAt - now) / 1000)
  const expiration = Math.ceil(expiresAt / 1000)
  // The binding takes 32 bits: moments from 2038 on are told as the time from now.
  if (seconds > 2 * minTtlSeconds && expiration <= mostSeconds) return { expiration }
  return { expirationTtl: Math.min(Math.max(seconds, minTtlSeconds), mostSeconds) }
}

/** What fits the option that is a number. */
export const cloudflareKvNumbers = { defaultTtlSeconds: countRule(minTtlSeconds, mostSeconds) }

/** The option `defaultTtlSeconds`, or `Misconfigured` when the platform would refuse it. */
export function checkedDefaultTtl(seconds: number | undefined): number | undefined {
  checkNumbers('cloudflare-kv', { defaultTtlSeconds: seconds }, cloudflareKvNumbers)
  return seconds
}
