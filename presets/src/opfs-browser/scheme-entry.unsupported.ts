/** `opfs://` where there is no browser: it resolves, and opening fails with advice. */
import type { StorageScheme } from '@flowport/capabilities/storage'
import type { OpfsSchemeOptions } from './scheme.ts'
import { unsupported } from '../platform/refusal.ts'

export { type OpfsDescription, type OpfsExtras, opfsExtras } from './extras-of.ts'
export type { OpfsSchemeOptions } from './scheme.ts'
export { serveOpfsWrites } from './worker.ts'

export function opfsScheme(_options: OpfsSchemeOptions = {}): StorageScheme<'opfs', never, never> {
  return {
    scheme: 'opfs',
    authority: 'key',
    open: unsupported(
      'opfs-browser',
      'a browser with an origin private file system',
      '"memory", or the storage of the platform',
    ),
  }
}
