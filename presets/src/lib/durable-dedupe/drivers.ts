/** The two drivers over their namespaces. */
import {
  CapabilityError,
  checkNumbers,
  countRule,
  type Drivers,
  type PresetOptions,
} from '@flowport/capabilities'
import {
  durableObject,
  inJurisdiction,
  isObjectNamespace,
  type ObjectNamespace,
} from '../durable/addressing.ts'
import { noNativeRetry } from '../durable/call-object.ts'
import { type DurableDedupeOptions, defaultBindings, isChosen } from './declaration.ts'
import { DurableDedupeDriver } from './dedupe-driver.ts'
import { dedupeInfoFor, durableKvInfo } from './info.ts'
import { DurableKvDriver } from './kv-driver.ts'
import type { KvCalls, LedgerCalls } from './protocol.ts'
import { indexPlace } from './tell-index.ts'

/** Opens what `only` chooses. `Misconfigured` names a binding that is missing. */
export function openDurableDrivers(
  bindings: Readonly<Record<string, unknown>>,
  options: DurableDedupeOptions & PresetOptions,
): Drivers {
  const { binding = defaultBindings.dedupe, kvBinding = defaultBindings.kv, only } = options
  const { name = 'default', shards, storage = 'sqlite' } = options
  checkOptions(name, shards, storage)
  const stubs = <Stub>(namespace: ObjectNamespace<Stub>) => {
    const { locationHint } = options
    return (object: string): Stub =>
      durableObject(namespace, {
        name: object,
        retry: noNativeRetry,
        ...(locationHint === undefined ? {} : { locationHint }),
      })
  }
  const drivers: { dedupe?: DurableDedupeDriver; kv?: DurableKvDriver } = {}
  if (isChosen('dedupe', only)) {
    const info = dedupeInfoFor({ storage, shards })
    const namespace = namespaceOf<LedgerCalls>(bindings, binding, options)
    const placeOf = (object: string) => indexPlace(binding, namespace.idFromName(object).toString())
    drivers.dedupe = new DurableDedupeDriver({ stubOf: stubs(namespace), placeOf, info, name, shards })
  }
  if (isChosen('kv', only)) {
    const stubOf = stubs(namespaceOf<KvCalls>(bindings, kvBinding, options))
    drivers.kv = new DurableKvDriver(durableKvInfo, () => stubOf(name))
  }
  return drivers
}

function namespaceOf<Stub>(
  bindings: Readonly<Record<string, unknown>>,
  name: string,
  { jurisdiction }: DurableDedupeOptions,
): ObjectNamespace<Stub> {
  const bound = bindings[name]
  if (!isObjectNamespace(bound)) {
    throw new CapabilityError(
      'Misconfigured',
      `preset "durable-dedupe": the binding ${name} is ${bound === undefined ? 'missing' : 'no Durable Object namespace'}; declare it under durable_objects.bindings in the wrangler file`,
      { details: { binding: name } },
    )
  }
  // Which class is behind it shows with the first call.
  const namespace = bound as ObjectNamespace<Stub>
  return jurisdiction === undefined ? namespace : inJurisdiction(namespace, jurisdiction)
}

function checkOptions(name: string, shards: number | undefined, storage: string): void {
  if (name === '') throw wrong('name must not be empty')
  checkNumbers('preset "durable-dedupe"', { shards }, { shards: countRule(1, 65_536) })
  if (storage !== 'sqlite' && storage !== 'legacy-kv') throw wrong("storage must be 'sqlite' or 'legacy-kv'")
}

function wrong(what: string): CapabilityError {
  return new CapabilityError('Misconfigured', `preset "durable-dedupe": ${what}`)
}
