/** The page's storage: the private file system of this site, memory where that is refused, a bucket when it is told one. */
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
