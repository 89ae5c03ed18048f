/** `@flowport/presets/fs/storage` where there is no file system: `file://` is told to be absent when it is used. */
import type { FileScheme, FileSchemeOptions } from './storage.ts'
import { unsupported } from '../platform/refusal.ts'

export type { FileScheme, FileSchemeOptions } from './storage.ts'

/** Opens nothing here; a fallback takes its place where the storage has one. */
export function fileScheme(_options: FileSchemeOptions): FileScheme {
  return {
    scheme: 'file',
    authority: 'key',
    locate: (rest) => ({ store: '', key: rest.slice(1) }),
    open: unsupported('fs', 'a file system', 'opfs:// in browsers, s3:// or r2:// elsewhere'),
  }
}
