/** The `fs` preset without its drivers: what it reads, states and wraps, shared with its stub on other runtimes. */
import { type Clock, type Layer, type Logger, logging, retry } from '@flowport/capabilities'
import * as Type from 'typebox'
import { fsBlobInfo, fsKvInfo } from './info.ts'

export interface FsOptions {
  /**
   * Directory of the data: blobs in `<root>/blobs`, entries in `<root>/kv`. It is made when it is missing. Default: the
   * variable `FLOWPORT_DATA_DIR`, else `.flowport`.
   */
  readonly root?: string
  /**
   * `'data'`: every write is on the disk before it is confirmed, and survives a power failure. `'none'`: the operating
   * system writes when it likes; faster, survives the process but not the power, so `durability` is then `'unknown'`.
   * Default `'data'`.
   */
  readonly fsync?: 'data' | 'none'
  /** Dates objects and expires entries. Default: the host's clock. */
  readonly clock?: Clock
}

export const fsEnv = Type.Object({
  FLOWPORT_DATA_DIR: Type.String({
    default: '.flowport',
    description: 'Directory of the data on local disk.',
  }),
})

export const fsProvides = { blob: fsBlobInfo, kv: fsKvInfo } as const

/** No timeout: it would cut the put of a large body, and a local disk that hangs does not hear the signal anyway. */
export function fsLayers({ log, clock }: { readonly log: Logger; readonly clock: Clock }): readonly Layer[] {
  return [logging({ log, clock }), retry({ clock, log })]
}
