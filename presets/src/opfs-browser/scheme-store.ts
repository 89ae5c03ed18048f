/** The store behind `opfs://`. `OpfsBlobDriver` is the next stop. */
import { createBlobStore, logging, retry } from '@flowport/capabilities'
import type { OpenedStore, SchemeContext } from '@flowport/capabilities/storage'
import { openBlobDriver } from './open-blob.ts'
import type { OpfsOptions } from './options.ts'
import { openPlace } from './store.ts'

export async function openOpfsStore(
  options: OpfsOptions,
  { log, clock }: Pick<SchemeContext, 'log' | 'clock'>,
): Promise<OpenedStore> {
  const place = await openPlace(options, log)
  const layers = [logging({ log, clock }), retry({ clock, log })]
  return {
    blob: createBlobStore(openBlobDriver(place, clock), { layers }),
    ...(place.fallback === null ? {} : { fallback: { provider: 'memory', reason: place.fallback.reason } }),
    close: () => place.close(),
  }
}
