/** `@flowport/presets/cloudflare-r2/storage`: the URI scheme `r2://`. */
import { openOnPlatform } from '#cloudflare-r2/scheme'
import { type R2Scheme, type R2SchemeOptions, r2SchemeWith } from './storage.ts'

export type { R2Field, R2Scheme, R2SchemeOptions } from './storage.ts'

/** `r2://bucket/key`: a binding on Workers, the S3 endpoint in browsers, and on Node a binding or else the endpoint. */
export function r2Scheme(options: R2SchemeOptions = {}): R2Scheme {
  return r2SchemeWith(openOnPlatform, options)
}
