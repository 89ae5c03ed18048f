/** `kv://name/path`: small files in key-value stores, such as those of a bag. */
import { CapabilityError } from '../error.ts'
import type { KeyValue } from '../kv/contract.ts'
import type { StorageScheme } from './scheme.ts'

/** A store by the name in the URI; what it does not know is `undefined`. */
export type KvByName = Readonly<Record<string, KeyValue>> | ((name: string) => KeyValue | undefined)

/**
 * Of a bag: `kvScheme((name) => bag.get(`kv:${name}`))`. A file is one value: it is as large as a value may be, and is held
 * in memory. The stores are their maker's to close.
 */
export function kvScheme(stores: KvByName): StorageScheme<'kv', never, never> {
  return {
    scheme: 'kv',
    authority: 'store',
    async open(name, { clock }) {
      const kv =
        typeof stores === 'function' ? stores(name) : Object.hasOwn(stores, name) ? stores[name] : undefined
      if (kv === undefined) {
        const names = typeof stores === 'function' ? [] : Object.keys(stores)
        throw new CapabilityError(
          'Misconfigured',
          `kv:// has no store of this name${names.length === 0 ? '' : `; there are ${names.join(', ')}`}`,
          { code: 'UNKNOWN_STORE', details: { name } },
        )
      }
      const { kvStore } = await import('./kv-store.ts')
      return { blob: kvStore(kv, clock) }
    },
  }
}
