/** Opens `r2://` on Workers, through the bindings that the scheme is given. */
import { missingBinding, throughBinding } from './storage-binding.ts'
import type { OpenR2 } from './storage.ts'

export const openOnPlatform: OpenR2 = (bucket, options, context) => {
  const opened = throughBinding(bucket, options, context)
  if (opened === null) throw missingBinding(options)
  return opened
}
