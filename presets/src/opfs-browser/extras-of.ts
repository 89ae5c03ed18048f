/** `opfsExtras`: the extras of a store, found by its info. By itself, so that asking for them loads no driver. */
import type { OpfsRefusal } from './open.ts'

export interface OpfsDescription {
  /** How files are written, or `'memory'` where OPFS cannot be used. */
  readonly mode: 'writable' | 'sync' | 'worker' | 'memory'
  /** Why it is memory. */
  readonly fallback: OpfsRefusal | null
  /** Whether the browser promises to keep the data when space runs short. `null` where it does not tell. */
  readonly isPersisted: boolean | null
  /** Bytes the site uses, of everything it stores. `null` where the browser does not tell. */
  readonly usageBytes: number | null
  /** Bytes the site may use. */
  readonly quotaBytes: number | null
}

export interface OpfsExtras {
  describe(): Promise<OpfsDescription>
  /** Asks the browser to keep the data when space runs short, and waits for the answer. */
  persist(): Promise<boolean>
  /** The file of a blob key as it is now, for code that takes files; `null` when it is absent, or kept in memory. */
  file(key: string): Promise<File | null>
}

/** The extras of a store on OPFS, or of its fallback; `null` when the store is something else. */
export function opfsExtras(store: { readonly info: object }): OpfsExtras | null {
  return extrasOf.get(store.info) ?? null
}

/** By info, which is handed on as it is unless a layer changes what is below. */
export const extrasOf = new WeakMap<object, OpfsExtras>()
