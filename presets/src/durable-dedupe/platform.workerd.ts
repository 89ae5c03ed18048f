/** Opens the `durable-dedupe` preset on Workers. The drivers are the next stop. */
import { createDedupeStore, createKeyValue } from '@flowport/capabilities'
import type { PlatformPart } from '../platform/platform-part.ts'
import type { durableDedupeEnv, DurableDedupeOptions, durableDedupeProvides } from './declaration.ts'
import { openDurableDrivers } from './drivers.ts'

type DurableDedupePlatform = PlatformPart<
  DurableDedupeOptions,
  typeof durableDedupeEnv,
  typeof durableDedupeProvides
>

export const platform: DurableDedupePlatform | null = {
  portable: { dedupe: createDedupeStore, kv: createKeyValue },
  open: ({ bindings, options }) => openDurableDrivers(bindings, options),
}
