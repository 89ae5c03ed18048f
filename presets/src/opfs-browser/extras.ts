/** What there is to know and to do beside the contracts: what `opfsExtras` finds. */
import type { Extensions } from '@flowport/capabilities'
import { extrasOf, type OpfsDescription, type OpfsExtras } from './extras-of.ts'
import type { Home } from './home.ts'
import type { OpfsRefusal } from './open.ts'
import { Places } from './places.ts'

export function registerExtras(info: object, home: Home | null, fallback: OpfsRefusal | null): void {
  const places = home === null ? null : new Places(home)
  const extras: OpfsExtras = {
    async describe() {
      const estimate = await answer((storage) => storage.estimate())
      return {
        mode: home?.writers.mode ?? 'memory',
        fallback,
        isPersisted: await answer((storage) => storage.persisted()),
        usageBytes: estimate?.usage ?? null,
        quotaBytes: estimate?.quota ?? null,
      }
    },
    persist: askToPersist,
    file: async (key) => (places === null ? null : places.find(key)),
  }
  extrasOf.set(info, extras)
}

export async function askToPersist(): Promise<boolean> {
  return (await answer((storage) => storage.persist())) ?? false
}

/** What is stated in `info.extensions`: known when the store opens, and the same from then on. */
export function extensionsOf(
  mode: OpfsDescription['mode'],
  facts: { readonly fallback?: OpfsRefusal; readonly reason?: string; readonly isPersisted?: boolean },
): Extensions {
  const { fallback, reason, isPersisted } = facts
  return {
    'dev.flowport.opfs.mode': mode,
    ...(fallback === undefined ? {} : { 'dev.flowport.opfs.fallback': fallback }),
    ...(reason === undefined ? {} : { 'dev.flowport.opfs.reason': reason }),
    ...(isPersisted === undefined ? {} : { 'dev.flowport.opfs.persisted': isPersisted }),
  }
}

/** What the storage manager says; `null` where there is none, or it refuses. */
export async function answer<T>(ask: (storage: StorageManager) => Promise<T>): Promise<T | null> {
  const { storage } = navigator as Partial<Navigator>
  if (storage === undefined) return null
  try {
    return await ask(storage)
  } catch {
    // In a sandboxed frame, or where the browser lacks the method: it does not tell.
    return null
  }
}
