/** The `durable-state` preset: entries, transactions, SQL and alarms of one key, on a Durable Object of its own. */
import { createDurableState, definePreset } from '@flowport/capabilities'
import {
  type DurableStateOptions,
  durableStateBindings,
  durableStateEnv,
  durableStateLayers,
  durableStateProvides,
} from './declaration.ts'
import { openDurableStateDriver } from './open.ts'

export type { DurableStateOptions } from './declaration.ts'
export { stateObjectAt, type StateObjectHandle } from './open.ts'
export {
  sequencer,
  type SequencerHandle,
  type Sequencers,
  type SequencersOptions,
} from './sequencer-client.ts'
export type { DeadEvent, Enqueued, SequencerStatus } from './sequencer-protocol.ts'
export {
  durableObject,
  type Jurisdiction,
  type LocationHint,
  type ObjectAddress,
  type ObjectId,
  type ObjectNamespace,
  type StubOptions,
} from '../cloudflare/durable/addressing.ts'

/** Provides `state`. The driver is the next stop. */
export const durableState = definePreset<
  DurableStateOptions,
  typeof durableStateEnv,
  typeof durableStateProvides
>({
  name: 'durable-state',
  env: durableStateEnv,
  provides: durableStateProvides,
  bindings: durableStateBindings,
  portable: { state: createDurableState },
  layers: durableStateLayers,
  open: ({ bindings, options }) => ({ state: openDurableStateDriver(bindings, options) }),
})
