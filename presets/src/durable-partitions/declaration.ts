/** The `durable-partitions` preset without its drivers, shared with its stub on runtimes that have no Durable Objects. */
import type { BindingNeed } from '@flowport/capabilities'
import * as Type from 'typebox'
import { isObjectNamespace, type Jurisdiction, type LocationHint } from '../cloudflare/durable/addressing.ts'
export { durableLayers as durablePartitionsLayers } from '../cloudflare/durable-ledger/layers.ts'
import { partitionDedupeInfo, partitionKvInfo } from './info.ts'

export interface DurablePartitionsOptions {
  /** Binding of the class `PartitionObject`. Default `'PARTITIONS'`. */
  readonly binding?: string
  /** Name of the store: another name is another, empty store in the same class. Default `'default'`. */
  readonly name?: string
  /** Where the objects and what they store must stay. Another one is another, empty store. Default: anywhere. */
  readonly jurisdiction?: Jurisdiction
  /** Where objects that do not exist yet are made. Default: near their first caller. */
  readonly locationHint?: LocationHint
}

/** Reads no variables: the binding and the options say all. */
export const durablePartitionsEnv = Type.Object({})

export const durablePartitionsProvides = { dedupe: partitionDedupeInfo, kv: partitionKvInfo } as const

export const defaultBinding = 'PARTITIONS'

export function durablePartitionsBindings({
  binding = defaultBinding,
}: DurablePartitionsOptions): readonly BindingNeed[] {
  return [
    {
      name: binding,
      what: 'a Durable Object namespace of the class PartitionObject (durable_objects.bindings)',
      fits: isObjectNamespace,
    },
  ]
}
