/** The scheme `opfs://`: its URIs are paths in OPFS, as other code reads and writes them. */
import type { StorageScheme } from '@flowport/capabilities/storage'
import type { OpfsOptions } from './options.ts'

export type OpfsSchemeOptions = OpfsOptions

export type OpfsSchemeMaker = (options?: OpfsSchemeOptions) => StorageScheme<'opfs', never, never>

export function opfsScheme(options: OpfsSchemeOptions = {}): StorageScheme<'opfs', never, never> {
  return {
    scheme: 'opfs',
    authority: 'key',
    async open(_store, context) {
      // A page that starts without it loads it when it is first used.
      const { openOpfsStore } = await import('./scheme-store.ts')
      return openOpfsStore(options, context)
    },
  }
}
