/** Opens the `durable-partitions` preset on Workers. The drivers are the next stop. */
import { createDedupeStore, createKeyValue } from '@flowport/capabilities'
import type { PlatformPart } from '../platform/platform-part.ts'
import type {
  durablePartitionsEnv,
  DurablePartitionsOptions,
  durablePartitionsProvides,
} from './declaration.ts'
import { openPartitionDrivers } from './drivers.ts'

type DurablePartitionsPlatform = PlatformPart<
  DurablePartitionsOptions,
  typeof durablePartitionsEnv,
  typeof durablePartitionsProvides
>

export const platform: DurablePartitionsPlatform | null = {
  portable: { dedupe: createDedupeStore, kv: createKeyValue },
  open: ({ bindings, options }) => openPartitionDrivers(bindings, options),
}
