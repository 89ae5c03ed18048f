/** The `duckDb` preset without its engine: what it reads, states and wraps, shared with its stub on other runtimes. */
import { type Clock, type Layer, type Logger, logging } from '@flowport/capabilities'
import type { StorageScheme, UriStorage } from '@flowport/capabilities/storage'
import * as Type from 'typebox'
import { duckDbInfo } from './info.ts'
import type { DuckDbOptions } from './options.ts'

export interface DuckDbPresetOptions extends DuckDbOptions {
  /** Schemes of the URIs that statements may name. Default `opfs://` only. */
  readonly schemes?: readonly StorageScheme[]
  /** Instead of `schemes`: the storage itself, asked for when the preset opens. It is not closed with the preset. */
  readonly storage?: () => UriStorage | Promise<UriStorage>
}

export const duckDbEnv = Type.Object({})

export const duckDbProvides = { db: duckDbInfo } as const

/** No retry: nobody can tell from here what a statement does. No timeout: give a signal, or a deadline of the run. */
export function duckDbLayers({
  log,
  clock,
}: {
  readonly log: Logger
  readonly clock: Clock
}): readonly Layer[] {
  return [logging({ log, clock })]
}
