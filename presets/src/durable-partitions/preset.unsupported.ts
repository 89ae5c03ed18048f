/** The `durable-partitions` preset where there are no Durable Objects: it resolves, and `open` fails with advice. */
import { definePreset } from '@flowport/capabilities'
import {
  type DurablePartitionsOptions,
  durablePartitionsBindings,
  durablePartitionsEnv,
  durablePartitionsLayers,
  durablePartitionsProvides,
} from './declaration.ts'
import { unsupported } from '../platform/refusal.ts'

export type { DurablePartitionsOptions } from './declaration.ts'
export type { Jurisdiction, LocationHint } from '../cloudflare/durable/addressing.ts'

export const durablePartitions = definePreset<
  DurablePartitionsOptions,
  typeof durablePartitionsEnv,
  typeof durablePartitionsProvides
>({
  name: 'durable-partitions',
  env: durablePartitionsEnv,
  provides: durablePartitionsProvides,
  bindings: durablePartitionsBindings,
  layers: durablePartitionsLayers,
  open: unsupported('durable-partitions', 'Durable Objects', '"sqlite" or "memory"'),
})
