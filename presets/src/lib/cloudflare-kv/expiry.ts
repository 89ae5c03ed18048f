/** When an entry ends, as the platform takes it: whole seconds, either from now or since the epoch. */
import { CapabilityError } from '@flowport/capabilities'
import { cloudflareKvLimits } from './info.ts'

export type PlatformExpiry =
  | { readonly expirationTtl: number }
  | { readonly expiration: number }
  | Readonly<Record<never, never>>

const { minTtlSeconds } = cloudflareKvLimits

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
  if (seconds > 2 * minTtlSeconds) return { expiration: Math.ceil(expiresAt / 1000) }
  return { expirationTtl: Math.max(seconds, minTtlSeconds) }
}

/** The option `defaultTtlSeconds`, or `Misconfigured` when the platform would refuse it. */
export function checkedDefaultTtl(seconds: number | undefined): number | undefined {
  if (seconds === undefined || (Number.isSafeInteger(seconds) && seconds >= minTtlSeconds)) return seconds
  throw new CapabilityError(
    'Misconfigured',
    `cloudflare-kv: defaultTtlSeconds must be a whole number of at least ${minTtlSeconds}`,
    { details: { option: 'defaultTtlSeconds', min: minTtlSeconds } },
  )
}
