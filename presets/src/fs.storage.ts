/** `@flowport/presets/fs/storage` on Node: `file://`. */
import { type FileScheme, type FileSchemeOptions, fileSchemeWith } from './lib/fs/storage.ts'

export type { FileScheme, FileSchemeOptions } from './lib/fs/storage.ts'

/** `file:///folder/file.csv`: plain files below the roots, and no others. */
export function fileScheme(options: FileSchemeOptions): FileScheme {
  return fileSchemeWith(options)
}
