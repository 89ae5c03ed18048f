/** The drivers of the preset over one place. */
import type { Clock, DedupeDriver, Drivers, KvDriver, Logger } from '@flowport/capabilities'
import { memoryDedupeDriver, memoryKvDriver } from '@flowport/capabilities/memory'
import { OpfsDedupeDriver } from './dedupe-driver.ts'
import { opfsDedupeInfo, opfsKvInfo } from './info.ts'
import { OpfsKvDriver } from './kv-driver.ts'
import { openBlobDriver } from './open-blob.ts'
import type { OpfsOptions } from './options.ts'
import { restated } from './restated.ts'
import { openPlace } from './store.ts'

export async function openOpfsDrivers(options: OpfsOptions, log: Logger, clock: Clock): Promise<Drivers> {
  const place = await openPlace(options, log)
  const { home, state, fallback } = place
  if (fallback !== null) {
    const { refusal, reason, cause } = fallback
    log.warn(
      { preset: 'opfs-browser', fallback: refusal, reason, ...(cause === undefined ? {} : { error: cause }) },
      `OPFS cannot be used, so what is stored is kept in memory and gone with the page: ${reason}`,
    )
  }
  const blob = openBlobDriver(place, clock)
  if (home === null) {
    const kv: KvDriver = memoryKvDriver({ clock })
    const dedupe: DedupeDriver = memoryDedupeDriver({ clock })
    return {
      blob,
      kv: restated(kv, state({ ...kv.info, provider: 'opfs-browser' })),
      dedupe: restated(dedupe, state({ ...dedupe.info, provider: 'opfs-browser' })),
    }
  }
  return {
    blob,
    kv: new OpfsKvDriver(home, state<KvDriver['info']>(opfsKvInfo), clock),
    dedupe: new OpfsDedupeDriver(home, state<DedupeDriver['info']>(opfsDedupeInfo), clock),
    close: () => place.close(),
  }
}
