/** The `durable-dedupe` preset where there are no Durable Objects: it resolves, and `open` fails with advice. */
import { definePreset } from '@flowport/capabilities'
import {
  type DurableDedupeOptions,
  durableDedupeBindings,
  durableDedupeEnv,
  durableDedupeLayers,
  durableDedupeProvides,
} from './declaration.ts'
import { unsupported } from '../platform/refusal.ts'

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
  open: unsupported('durable-dedupe', 'Durable Objects', '"sqlite" or "memory"'),
})
