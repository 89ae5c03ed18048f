/** The `sqlite` preset without its drivers: what it reads, states and wraps, shared with its stub on other runtimes. */
import {
  type Clock,
  countRule,
  type Layer,
  type Logger,
  logging,
  longestTimerMs,
  retry,
} from '@flowport/capabilities'
import * as Type from 'typebox'
import { sqliteDedupeInfo, sqliteKvInfo, sqliteQueueInfo } from './info.ts'

export interface SqliteOptions {
  /**
   * The database file, or `':memory:'` for one that goes with the process. Default: `flowport.sqlite` in the directory
   * the variable `FLOWPORT_DATA_DIR` names, else in `.flowport`.
   */
  readonly path?: string
  /**
   * `'FULL'`: every write is on the disk before it is confirmed. `'NORMAL'`: about ten times faster; a crash of the
   * process loses nothing, a power failure may lose the last writes, and with them the ledger's memory of finished work.
   * Default `'FULL'`.
   */
  readonly synchronous?: 'NORMAL' | 'FULL'
  /** Milliseconds a call waits for other processes' writes. The thread waits with it, so keep it short. 0 does not wait. Default 2000. */
  readonly busyTimeoutMs?: number
  /** Deliveries of a message before it goes to the dead letters. Default 5. */
  readonly maxAttempts?: number
  /** Decides what has expired or is ready. Default: the host's clock. */
  readonly clock?: Clock
}

export const sqliteEnv = Type.Object({
  FLOWPORT_DATA_DIR: Type.String({
    default: '.flowport',
    description: 'Directory of the data on local disk.',
  }),
})

/** What fits the options that are numbers. */
export const sqliteNumbers = { busyTimeoutMs: countRule(0, longestTimerMs), maxAttempts: countRule() }

export const sqliteProvides = { kv: sqliteKvInfo, dedupe: sqliteDedupeInfo, queue: sqliteQueueInfo } as const

/** No timeout: the calls are synchronous, so its timer could not fire; `busyTimeoutMs` bounds the wait instead. */
export function sqliteLayers({
  log,
  clock,
}: {
  readonly log: Logger
  readonly clock: Clock
}): readonly Layer[] {
  return [logging({ log, clock }), retry({ clock, log })]
}
