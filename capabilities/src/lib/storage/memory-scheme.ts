/** `memory://`: files of this storage alone, gone with it. */
import type { BlobLimits } from '../guarantees/info.ts'
import type { StorageScheme } from './scheme.ts'

export interface MemorySchemeOptions<S extends string = string> {
  /** Default `'memory'`. */
  readonly scheme?: S
  /** Limits instead of the defaults, such as `{ maxObjectBytes }`. */
  readonly limits?: Partial<BlobLimits>
}

/** Each storage has files of its own, also where two are given the same scheme. */
export function memoryScheme<const S extends string = 'memory'>({
  scheme = 'memory' as S,
  limits,
}: MemorySchemeOptions<S> = {}): StorageScheme<S, never, never> {
  return {
    scheme,
    authority: 'key',
    async open(_store, { clock }) {
      // A page that starts without it loads it when it is first used.
      const { memoryStore } = await import('./memory-store.ts')
      return { blob: memoryStore({ clock, ...(limits === undefined ? {} : { limits }) }) }
    },
  }
}
