/** The `durable-dedupe` preset: the dedupe ledger and a strongly consistent key-value store on Durable Objects. */
import { platform } from '#durable-dedupe/platform'
import { definePreset } from '@flowport/capabilities'
import { refusal } from '../platform/refusal.ts'
import {
  type DurableDedupeOptions,
  durableDedupeBindings,
  durableDedupeEnv,
  durableDedupeLayers,
  durableDedupeProvides,
} from './declaration.ts'

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

/** Provides `dedupe` and `kv`. Runs on Workers. The next stop is `platform.workerd.ts`. */
export const durableDedupe = definePreset<
  DurableDedupeOptions,
  typeof durableDedupeEnv,
  typeof durableDedupeProvides
>({
  name: 'durable-dedupe',
  env: durableDedupeEnv,
  provides: durableDedupeProvides,
  bindings: durableDedupeBindings,
  layers: durableDedupeLayers,
  ...(platform ?? refusal('durable-dedupe', 'Durable Objects', '"sqlite" or "memory"')),
})
