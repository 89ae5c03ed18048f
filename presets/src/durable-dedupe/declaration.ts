/** The `durable-dedupe` preset without its drivers, shared with its stub on runtimes that have no Durable Objects. */
import type { BindingNeed, PresetOptions } from '@flowport/capabilities'
import * as Type from 'typebox'
import { isObjectNamespace, type Jurisdiction, type LocationHint } from '../cloudflare/durable/addressing.ts'
export { durableLayers as durableDedupeLayers } from '../cloudflare/durable-ledger/layers.ts'
import { durableDedupeInfo, durableKvInfo } from './info.ts'

export interface DurableDedupeOptions {
  /** Binding of the ledger's class, `LedgerObject` or `LegacyLedgerObject`. Default `'LEDGER'`. */
  readonly binding?: string
  /** Binding of the key-value store's class, `KeyValueObject`. Default `'KV_OBJECT'`. */
  readonly kvBinding?: string
  /** Name of the store: another name is another, empty store in the same classes. Default `'default'`. */
  readonly name?: string
  /**
   * Objects that share the dedupe keys, 1 to 65 536. Default: one object for each key. Another number is another, empty
   * ledger.
   */
  readonly shards?: number
  /** Kind of the ledger's class, which decides the limits. `'legacy-kv'` with `LegacyLedgerObject`. Default `'sqlite'`. */
  readonly storage?: 'sqlite' | 'legacy-kv'
  /** Where the objects and what they store must stay. Another one is another, empty store. Default: anywhere. */
  readonly jurisdiction?: Jurisdiction
  /** Where objects that do not exist yet are made. Default: near their first caller. */
  readonly locationHint?: LocationHint
}

/** Reads no variables: bindings and options say all. */
export const durableDedupeEnv = Type.Object({})

export const durableDedupeProvides = { dedupe: durableDedupeInfo, kv: durableKvInfo } as const

export const defaultBindings = { dedupe: 'LEDGER', kv: 'KV_OBJECT' } as const

/** The bindings of the domains that were chosen. */
export function durableDedupeBindings({
  binding = defaultBindings.dedupe,
  kvBinding = defaultBindings.kv,
  only,
}: DurableDedupeOptions & PresetOptions): readonly BindingNeed[] {
  return [
    ...(isChosen('dedupe', only) ? [need(binding, 'LedgerObject')] : []),
    ...(isChosen('kv', only) ? [need(kvBinding, 'KeyValueObject')] : []),
  ]
}

/** Whether a domain is among those to provide. */
export function isChosen(domain: string, only: PresetOptions['only']): boolean {
  return only?.includes(domain) ?? true
}

function need(name: string, className: string): BindingNeed {
  return {
    name,
    what: `a Durable Object namespace of the class ${className} (durable_objects.bindings)`,
    fits: isObjectNamespace,
  }
}
