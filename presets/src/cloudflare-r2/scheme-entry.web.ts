/** `@flowport/presets/cloudflare-r2/storage` in browsers: `r2://` through its S3 endpoint. */
import { type R2Scheme, type R2SchemeOptions, r2SchemeWith } from './storage.ts'

export type { R2Field, R2Scheme, R2SchemeOptions } from './storage.ts'

/** `r2://bucket/key`. */
export function r2Scheme(options: R2SchemeOptions = {}): R2Scheme {
  return r2SchemeWith(async (...bucket) => {
    // A page that starts without it loads it when it is first used.
    const { openR2 } = await import('./storage-web.ts')
    return openR2(...bucket)
  }, options)
}
