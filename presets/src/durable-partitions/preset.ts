/** The `durable-partitions` preset: a ledger and a strong key-value store, committed together within one Durable Object per partition. */
import { platform } from '#durable-partitions/platform'
import { definePreset } from '@flowport/capabilities'
import { refusal } from '../platform/refusal.ts'
import {
  type DurablePartitionsOptions,
  durablePartitionsBindings,
  durablePartitionsEnv,
  durablePartitionsLayers,
  durablePartitionsProvides,
} from './declaration.ts'

export type { DurablePartitionsOptions } from './declaration.ts'
export type { Jurisdiction, LocationHint } from '../cloudflare/durable/addressing.ts'

/** Provides `dedupe` and `kv`. Runs on Workers. The next stop is `platform.workerd.ts`. */
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
  ...(platform ?? refusal('durable-partitions', 'Durable Objects', '"sqlite" or "memory"')),
})
