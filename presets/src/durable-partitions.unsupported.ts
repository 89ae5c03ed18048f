/** The `durable-partitions` preset where there are no Durable Objects: it resolves, and `open` fails with advice. */
import { definePreset } from '@flowport/capabilities'
import {
  type DurablePartitionsOptions,
  durablePartitionsBindings,
  durablePartitionsEnv,
  durablePartitionsLayers,
  durablePartitionsProvides,
} from './lib/durable-partitions/declaration.ts'
import { unsupported } from './lib/unsupported.ts'

export type { DurablePartitionsOptions } from './lib/durable-partitions/declaration.ts'
export type { Jurisdiction, LocationHint } from './lib/durable/addressing.ts'

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
