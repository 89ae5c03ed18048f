/** `@flowport/presets/cloudflare-r2/storage` on Workers: `r2://` through bindings. */
import { missingBinding, throughBinding } from './storage-binding.ts'
import { type R2Scheme, type R2SchemeOptions, r2SchemeWith } from './storage.ts'

export type { R2Field, R2Scheme, R2SchemeOptions } from './storage.ts'

/** `r2://bucket/key`. */
export function r2Scheme(options: R2SchemeOptions = {}): R2Scheme {
  return r2SchemeWith((...bucket) => {
    const opened = throughBinding(...bucket)
    if (opened === null) throw missingBinding(options)
    return opened
  }, options)
}
