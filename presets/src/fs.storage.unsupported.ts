/** `@flowport/presets/fs/storage` where there is no file system: `file://` is told to be absent when it is used. */
import type { FileScheme, FileSchemeOptions } from './lib/fs/storage.ts'
import { unsupported } from './lib/unsupported.ts'

export type { FileScheme, FileSchemeOptions } from './lib/fs/storage.ts'

/** Opens nothing here; a fallback takes its place where the storage has one. */
export function fileScheme(_options: FileSchemeOptions): FileScheme {
  return {
    scheme: 'file',
    authority: 'key',
    locate: (rest) => ({ store: '', key: rest.slice(1) }),
    open: unsupported('fs', 'a file system', 'opfs:// in browsers, s3:// or r2:// elsewhere'),
  }
}
