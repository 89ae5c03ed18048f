/** How an outbox keeps and sends. */
import { type Clock, countOrInfinityRule, countRule, type Logger, timerRule } from '@flowport/capabilities'
import type { OutboxEntry } from './contract.ts'

export interface OutboxOptions {
  /** Outboxes of one name and origin are one, in all pages and the service worker. Default `'default'`. */
  readonly name?: string
  /**
   * Called before each sending, with the request and its key: add credentials here, they are not kept. The key stays what it
   * is. When it throws, the request waits and is tried again; a `CapabilityError` whose `retryable` is `'never'` sets it aside.
   */
  readonly prepare?: (request: Request) => Request | Promise<Request>
  /** Default `fetch`. */
  readonly send?: (request: Request) => Promise<Response>
  /**
   * Called with a success's response before the entry is forgotten, in the page or service worker that sent it. After a crash
   * it may be called again with the same answer. What it throws is logged. It must not wait for `flush`: it is part of one.
   */
  readonly onAnswer?: (entry: OutboxEntry, response: Response) => void | Promise<void>
  /**
   * Names of headers and query parameters that may lie on the disk though they look like credentials, such as
   * `'x-csrf-token'`. Default none: a request that has any is `InvalidInput`.
   */
  readonly mayKeep?: readonly string[]
  /** Largest body in bytes. Default 10 MiB. */
  readonly maxBodyBytes?: number
  /** Most entries, failed ones included. Default 1000. */
  readonly maxEntries?: number
  /**
   * Refusals that may be temporary before an entry fails and those behind it go on: 408, 409 in flight, 425, 429, 5xx, and a
   * request the browser refuses (CORS, Content-Security-Policy, http from an https page). A server that is not reached does
   * not count. Default 20.
   */
  readonly maxAttempts?: number
  /**
   * Longest time an answer may take, `prepare` and `send` included, in milliseconds; then the request is sent again. As long
   * is waited for `onAnswer`. Default 60 000.
   */
  readonly timeoutMs?: number
  /** Longest first pause after a failure, in milliseconds; doubled with each further one, with full jitter. Default 1 000. */
  readonly firstPauseMs?: number
  /** Longest pause in milliseconds, unless the server asks for a longer one, of a day at most. Default 300 000. */
  readonly maxPauseMs?: number
  /**
   * Send by itself: at the start, after `enqueue`, when the browser is online again, after a pause, and by Background Sync
   * where the page has a service worker. Default true in a page, false in a service worker, which sends on `flush` and when
   * `createServiceWorker({ outboxes })` hears of a Background Sync.
   */
  readonly auto?: boolean
  /** Default: JSON lines on the console, warnings and worse. */
  readonly log?: Logger
  /** Decides pauses. Default the system clock. */
  readonly clock?: Clock
  /** A number in [0, 1), for the jitter. Default `Math.random`. */
  readonly random?: () => number
}

/** What fits the options that are numbers. */
export const outboxNumbers = {
  maxBodyBytes: countOrInfinityRule(0),
  maxEntries: countOrInfinityRule(),
  maxAttempts: countRule(),
  timeoutMs: timerRule(1),
  firstPauseMs: timerRule(),
  maxPauseMs: timerRule(),
}
