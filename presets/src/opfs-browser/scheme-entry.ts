/** `@flowport/presets/opfs-browser/storage`: the URI scheme `opfs://`, without the preset. */
import { platform } from '#opfs-browser/scheme'
import type { OpfsSchemeMaker } from './scheme.ts'

export { type OpfsDescription, type OpfsExtras, opfsExtras } from './extras-of.ts'
export type { OpfsSchemeOptions } from './scheme.ts'
export { serveOpfsWrites } from './worker.ts'

/**
 * `opfs://folder/file`: files in the browser's origin private file system. Runs in browsers; elsewhere opening fails with
 * `PRESET_UNSUPPORTED`, and the storage's `fallback` for `opfs` is used instead where there is one.
 */
export const opfsScheme: OpfsSchemeMaker = platform
