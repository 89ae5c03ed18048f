/**
 * The page's storage: `opfs://` for this site's private file system, or memory if the browser refuses it, and `s3://` for a
 * bucket.
 */
import { createStorage, memoryScheme } from '@flowport/capabilities/storage'
import { opfsScheme } from '@flowport/presets/opfs-browser/storage'
import { s3Scheme } from '@flowport/presets/s3/storage'

export function openStorage() {
  return createStorage({
    schemes: [opfsScheme({ fallback: 'none' }), s3Scheme()],
    fallback: { opfs: memoryScheme() },
  })
}

export type PageStorage = ReturnType<typeof openStorage>
