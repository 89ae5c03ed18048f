/** The `durable-partitions` preset: a ledger and a strong key-value store, committed together within a Durable Object for each partition. */
import { createDedupeStore, createKeyValue, definePreset } from '@flowport/capabilities'
import {
  type DurablePartitionsOptions,
  durablePartitionsBindings,
  durablePartitionsEnv,
  durablePartitionsLayers,
  durablePartitionsProvides,
} from './declaration.ts'
import { openPartitionDrivers } from './drivers.ts'

export type { DurablePartitionsOptions } from './declaration.ts'
export type { Jurisdiction, LocationHint } from '../cloudflare/durable/addressing.ts'

/** Provides `dedupe` and `kv`. The drivers are the next stop. */
export const durablePartitions = definePreset<
  DurablePartitionsOptions,
  typeof durablePartitionsEnv,
  typeof durablePartitionsProvides
>({
  name: 'durable-partitions',
  env: durablePartitionsEnv,
  provides: durablePartitionsProvides,
  bindings: durablePartitionsBindings,
  portable: { dedupe: createDedupeStore, kv: createKeyValue },
  layers: durablePartitionsLayers,
  open: ({ bindings, options }) => openPartitionDrivers(bindings, options),
})
