/** The two drivers over their namespaces. */
import {
  CapabilityError,
  checkNumbers,
  countRule,
  type Drivers,
  type PresetOptions,
} from '@flowport/capabilities'
import { durableObject, type ObjectNamespace } from '../cloudflare/durable/addressing.ts'
import { boundNamespace } from '../cloudflare/durable/bound-namespace.ts'
import { noNativeRetry } from '../cloudflare/durable/call-object.ts'
import { type DurableDedupeOptions, defaultBindings, isChosen } from './declaration.ts'
import { DurableDedupeDriver } from '../cloudflare/durable-ledger/dedupe-driver.ts'
import { dedupeInfoFor, durableKvInfo } from './info.ts'
import { DurableKvDriver } from '../cloudflare/durable-ledger/kv-driver.ts'
import { ledgerPlaces } from './places.ts'
import type { KvCalls, LedgerCalls } from '../cloudflare/durable-ledger/protocol.ts'
import { indexPlace } from '../cloudflare/durable-ledger/tell-index.ts'

/** Opens what `only` chooses. `Misconfigured` names a binding that is missing. */
export function openDurableDrivers(
  bindings: Readonly<Record<string, unknown>>,
  options: DurableDedupeOptions & PresetOptions,
): Drivers {
  const { binding = defaultBindings.dedupe, kvBinding = defaultBindings.kv, only } = options
  const { name = 'default', shards, storage = 'sqlite' } = options
  checkOptions(name, shards, storage)
  const of = { preset: 'durable-dedupe', jurisdiction: options.jurisdiction }
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
    const namespace = boundNamespace<LedgerCalls>(bindings, binding, of)
    const placeOf = (object: string) => indexPlace(binding, namespace.idFromName(object).toString())
    const places = ledgerPlaces({ name, shards })
    drivers.dedupe = new DurableDedupeDriver({ stubOf: stubs(namespace), placeOf, info, places })
  }
  if (isChosen('kv', only)) {
    const stubOf = stubs(boundNamespace<KvCalls>(bindings, kvBinding, of))
    drivers.kv = new DurableKvDriver(durableKvInfo, () => stubOf(name))
  }
  return drivers
}

function checkOptions(name: string, shards: number | undefined, storage: string): void {
  if (name === '') throw wrong('name must not be empty')
  checkNumbers('preset "durable-dedupe"', { shards }, { shards: countRule(1, 65_536) })
  if (storage !== 'sqlite' && storage !== 'legacy-kv') throw wrong("storage must be 'sqlite' or 'legacy-kv'")
}

function wrong(what: string): CapabilityError {
  return new CapabilityError('Misconfigured', `preset "durable-dedupe": ${what}`)
}
