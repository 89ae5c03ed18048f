/** Opens `r2://` in browsers, through the S3 endpoint. */
import type { OpenR2 } from './storage.ts'

export const openOnPlatform: OpenR2 = async (bucket, options, context) => {
  // Loaded at the first use, so that a page starts without it.
  const { openR2 } = await import('./storage-web.ts')
  return openR2(bucket, options, context)
}
