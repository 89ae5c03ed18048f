/** `@flowport/presets/fs/storage` on Node: `file://`. */
import { type FileScheme, type FileSchemeOptions, fileSchemeWith } from './storage.ts'

export type { FileScheme, FileSchemeOptions } from './storage.ts'

/** `file:///folder/file.csv`: plain files below the roots, and no others. */
export function fileScheme(options: FileSchemeOptions): FileScheme {
  return fileSchemeWith(options)
}
