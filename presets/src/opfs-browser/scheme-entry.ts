/** `opfs://` for `createStorage`, without the preset: a bundle holds the driver and no more. */
export { type OpfsDescription, type OpfsExtras, opfsExtras } from './extras-of.ts'
export { opfsScheme, type OpfsSchemeOptions } from './scheme.ts'
export { serveOpfsWrites } from './worker.ts'
