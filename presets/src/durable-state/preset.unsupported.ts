/** The `durable-state` preset where there are no Durable Objects: it resolves, and `open` fails with advice. */
import { definePreset } from '@flowport/capabilities'
import {
  type DurableStateOptions,
  durableStateBindings,
  durableStateEnv,
  durableStateLayers,
  durableStateProvides,
} from './declaration.ts'
import { unsupported } from '../platform/refusal.ts'

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
  open: unsupported('durable-state', 'Durable Objects', '"memory"'),
})
