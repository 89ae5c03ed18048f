/** The `durable-dedupe` preset: the dedupe ledger and a strongly consistent key-value store on Durable Objects. */
import { createDedupeStore, createKeyValue, definePreset } from '@flowport/capabilities'
import {
  type DurableDedupeOptions,
  durableDedupeBindings,
  durableDedupeEnv,
  durableDedupeLayers,
  durableDedupeProvides,
} from './declaration.ts'
import { openDurableDrivers } from './drivers.ts'

export type { DurableDedupeOptions } from './declaration.ts'
export {
  durableObject,
  type Jurisdiction,
  type LocationHint,
  type ObjectAddress,
  type ObjectId,
  type ObjectNamespace,
  type StubOptions,
} from '../cloudflare/durable/addressing.ts'

/** Provides `dedupe` and `kv`. The drivers are the next stop. */
export const durableDedupe = definePreset<
  DurableDedupeOptions,
  typeof durableDedupeEnv,
  typeof durableDedupeProvides
>({
  name: 'durable-dedupe',
  env: durableDedupeEnv,
  provides: durableDedupeProvides,
  bindings: durableDedupeBindings,
  portable: { dedupe: createDedupeStore, kv: createKeyValue },
  layers: durableDedupeLayers,
  open: ({ bindings, options }) => openDurableDrivers(bindings, options),
})
