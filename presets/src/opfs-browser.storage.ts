/** `opfs://` for `createStorage`, without the preset: a bundle holds the driver and no more. */
export { type OpfsDescription, type OpfsExtras, opfsExtras } from './lib/opfs-browser/extras-of.ts'
export { opfsScheme, type OpfsSchemeOptions } from './lib/opfs-browser/scheme.ts'
export { serveOpfsWrites } from './lib/opfs-browser/worker.ts'
