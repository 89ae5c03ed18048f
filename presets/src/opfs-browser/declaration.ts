/** The `opfs-browser` preset without its drivers: what it states and wraps, shared with its stub on other runtimes. */
import { type Clock, type Layer, type Logger, logging, retry } from '@flowport/capabilities'
import * as Type from 'typebox'
import { opfsBlobInfo, opfsDedupeInfo, opfsKvInfo } from './info.ts'
import type { OpfsOptions } from './options.ts'

export interface OpfsBrowserOptions extends OpfsOptions {
  /** Decides what has expired. Default: the host's clock. */
  readonly clock?: Clock
}

export const opfsEnv = Type.Object({})

export const opfsProvides = { blob: opfsBlobInfo, kv: opfsKvInfo, dedupe: opfsDedupeInfo } as const

/** No timeout: it would cut the put of a large body. What another tab holds for a moment is tried again. */
export function opfsLayers({
  log,
  clock,
}: {
  readonly log: Logger
  readonly clock: Clock
}): readonly Layer[] {
  return [logging({ log, clock }), retry({ clock, log })]
}
