/** `@flowport/presets/fs/storage`: the URI scheme `file://`. */
import { platform } from '#fs/scheme'
import { refusal } from '../platform/refusal.ts'
import type { FileScheme, FileSchemeOptions } from './node/storage.ts'

export type { FileScheme, FileSchemeOptions } from './node/storage.ts'

/**
 * `file:///folder/file.csv`: plain files below the given roots. Runs on Node; elsewhere opening fails with
 * `PRESET_UNSUPPORTED`, and the storage's `fallback` for `file` is used instead where there is one.
 */
export function fileScheme(options: FileSchemeOptions): FileScheme {
  return platform?.(options) ?? refusedScheme
}

const refusedScheme: FileScheme = {
  scheme: 'file',
  authority: 'key',
  locate: (rest) => ({ store: '', key: rest.slice(1) }),
  ...refusal('fs', 'a file system', 'opfs:// in browsers, s3:// or r2:// elsewhere'),
}
