/** The scheme `file://` on Node. */
import { type FileScheme, type FileSchemeOptions, fileSchemeWith } from './node/storage.ts'

export const platform: ((options: FileSchemeOptions) => FileScheme) | null = fileSchemeWith
