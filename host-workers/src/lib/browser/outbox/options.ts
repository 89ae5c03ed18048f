/** The options of an outbox. */
import { type Clock, countOrInfinityRule, countRule, type Logger, timerRule } from '@flowport/capabilities'
import type { OutboxEntry } from './contract.ts'

export interface OutboxOptions {
  /** Name of the outbox. Pages and the service worker of an origin share outboxes of the same name. Default `'default'`. */
  readonly name?: string
  /**
   * Called with the request and its key before each attempt. Add credentials here; they are not stored. Cannot change the key.
   * If it throws, the request is retried later, or fails permanently for a `CapabilityError` with `retryable: 'never'`.
   */
  readonly prepare?: (request: Request) => Request | Promise<Request>
  /** Sends a request. Default `fetch`. */
  readonly send?: (request: Request) => Promise<Response>
  /**
   * Called with a successful response before the entry is deleted, in the page or service worker that sent it. After a crash it
   * may be called again with the same answer. Its errors are logged. It must not wait for `flush`, which is waiting for it.
   */
  readonly onAnswer?: (entry: OutboxEntry, response: Response) => void | Promise<void>
  /**
   * Names of headers and query parameters that may be stored although they look like credentials, such as `'x-csrf-token'`. A
   * request with any other suspected credential throws `InvalidInput`. Default: none.
   */
  readonly mayKeep?: readonly string[]
  /** Maximum size of a body in bytes. Default 10 MiB. */
  readonly maxBodyBytes?: number
  /** Maximum number of entries, including failed ones. Default 1000. */
  readonly maxEntries?: number
  /**
   * Number of temporary refusals after which an entry fails, so that later entries are sent: 408, 409 in flight, 425, 429, 5xx,
   * and requests that the browser refuses (CORS, Content-Security-Policy, http from an https page). Attempts that do not reach
   * the server do not count. Default 20.
   */
  readonly maxAttempts?: number
  /**
   * Maximum milliseconds for an attempt, including `prepare` and `send`; then the request is retried. `onAnswer` has the same
   * limit. Default 60 000.
   */
  readonly timeoutMs?: number
  /**
   * Upper bound of the pause after the first failure, in milliseconds. Doubles with each further failure, with full jitter.
   * Default 1 000.
   */
  readonly firstPauseMs?: number
  /** Maximum pause in milliseconds. A server may ask for a longer pause, of at most a day. Default 300 000. */
  readonly maxPauseMs?: number
  /**
   * Whether to send automatically: at the start, after `enqueue`, when the browser is online again, after a pause, and by
   * Background Sync if the page has a service worker. Default true in a page, false in a service worker, which sends on `flush`
   * and on a Background Sync event of `createServiceWorker({ outboxes })`.
   */
  readonly auto?: boolean
  /** Logger. Default: JSON lines on the console, from level `warn`. */
  readonly log?: Logger
  /** Clock for pauses. Default: the system clock. */
  readonly clock?: Clock
  /** Returns a number in [0, 1), for the jitter of pauses. Default `Math.random`. */
  readonly random?: () => number
}

/** The limits of the numeric options. */
export const outboxNumbers = {
  maxBodyBytes: countOrInfinityRule(0),
  maxEntries: countOrInfinityRule(),
  maxAttempts: countRule(),
  timeoutMs: timerRule(1),
  firstPauseMs: timerRule(),
  maxPauseMs: timerRule(),
}
