/** The `durable-state` preset: entries, transactions, SQL and alarms of one key, each key in a Durable Object. */
import { platform } from '#durable-state/platform'
import { definePreset } from '@flowport/capabilities'
import { refusal } from '../platform/refusal.ts'
import {
  type DurableStateOptions,
  durableStateBindings,
  durableStateEnv,
  durableStateLayers,
  durableStateProvides,
} from './declaration.ts'

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

/** Provides `state`. Runs on Workers. The next stop is `platform.workerd.ts`. */
export const durableState = definePreset<
  DurableStateOptions,
  typeof durableStateEnv,
  typeof durableStateProvides
>({
  name: 'durable-state',
  env: durableStateEnv,
  provides: durableStateProvides,
  bindings: durableStateBindings,
  layers: durableStateLayers,
  ...(platform ?? refusal('durable-state', 'Durable Objects', '"memory"')),
})
