/** The two drivers over the objects of one namespace. */
import { CapabilityError, type Drivers, type PresetOptions } from '@flowport/capabilities'
import { durableObject, type ObjectNamespace } from '../cloudflare/durable/addressing.ts'
import { noNativeRetry } from '../cloudflare/durable/call-object.ts'
import { boundNamespace } from '../cloudflare/durable/bound-namespace.ts'
import { indexPlace } from '../cloudflare/durable-ledger/tell-index.ts'
import { type DurablePartitionsOptions, defaultBinding } from './declaration.ts'
import { PartitionDedupeDriver } from './dedupe-driver.ts'
import { infoOf, partitionDedupeInfo, partitionKvInfo } from './info.ts'
import { PartitionKvDriver } from './kv-driver.ts'
import { directoryObject, partitionObject, partitionPlaces } from './places.ts'
import type { PartitionCalls } from './protocol.ts'

export interface PartitionDrivers extends Drivers {
  readonly dedupe: PartitionDedupeDriver
  readonly kv: PartitionKvDriver
}

/** `Misconfigured` names a binding that is missing. */
export function openPartitionDrivers(
  bindings: Readonly<Record<string, unknown>>,
  options: DurablePartitionsOptions & PresetOptions,
): PartitionDrivers {
  const { binding = defaultBinding, name = 'default', jurisdiction, locationHint } = options
  if (name === '')
    throw new CapabilityError('Misconfigured', 'preset "durable-partitions": name must not be empty')
  const namespace: ObjectNamespace<PartitionCalls> = boundNamespace(bindings, binding, {
    preset: 'durable-partitions',
    jurisdiction,
  })
  const stubOf = (object: string): PartitionCalls =>
    durableObject(namespace, {
      name: object,
      retry: noNativeRetry,
      ...(locationHint === undefined ? {} : { locationHint }),
    })
  const placeOf = (object: string) => indexPlace(binding, namespace.idFromName(object).toString())
  const directory = directoryObject(name)
  let place: string | undefined
  const directoryPlace = () => (place ??= placeOf(directory))
  const transaction = `durable-partitions:${binding}/${jurisdiction ?? ''}/${name}`
  return {
    dedupe: new PartitionDedupeDriver({
      stubOf,
      placeOf,
      directoryPlace,
      info: infoOf(partitionDedupeInfo, transaction),
      places: partitionPlaces(name),
    }),
    kv: new PartitionKvDriver({
      info: infoOf(partitionKvInfo, transaction),
      stubOf: (partition) => stubOf(partitionObject(name, partition)),
      directory: () => stubOf(directory),
      directoryPlace,
    }),
  }
}
