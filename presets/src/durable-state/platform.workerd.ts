/** Opens the `durable-state` preset on Workers. The drivers are the next stop. */
import { createDurableState } from '@flowport/capabilities'
import type { PlatformPart } from '../platform/platform-part.ts'
import type { durableStateEnv, DurableStateOptions, durableStateProvides } from './declaration.ts'
import { openDurableStateDriver } from './open.ts'

type DurableStatePlatform = PlatformPart<
  DurableStateOptions,
  typeof durableStateEnv,
  typeof durableStateProvides
>

export const platform: DurableStatePlatform | null = {
  portable: { state: createDurableState },
  open: ({ bindings, options }) => ({ state: openDurableStateDriver(bindings, options) }),
}
