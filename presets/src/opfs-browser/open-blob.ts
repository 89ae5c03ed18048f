/** The blob driver of a place. */
import type { BlobDriver, Clock } from '@flowport/capabilities'
import { memoryBlobDriver } from '@flowport/capabilities/memory'
import { OpfsBlobDriver } from './blob-driver.ts'
import { opfsBlobInfo } from './info.ts'
import { restated } from './restated.ts'
import type { OpenedPlace } from './store.ts'

export function openBlobDriver({ home, state }: OpenedPlace, clock: Clock): BlobDriver {
  if (home !== null) return new OpfsBlobDriver(home, state<BlobDriver['info']>(opfsBlobInfo))
  const driver: BlobDriver = memoryBlobDriver({ clock })
  return restated(driver, state({ ...opfsBlobInfo, limits: driver.info.limits }))
}
