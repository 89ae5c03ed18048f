/**
 * The outbox's contract: it stores requests on disk while there is no network, and sends them in order, each under one
 * idempotency key.
 */

/** A request to queue. */
export interface OutboxRequest {
  /** Method, sent in upper case. GET, HEAD and OPTIONS are refused, because they have no effect to queue. Default `'POST'`. */
  readonly method?: string
  /** Relative URLs are resolved against the page. Must be `http:` or `https:`, without credentials in the query. */
  readonly url: string | URL
  /** Must not contain credentials. Add them in `prepare`, when the request is sent. */
  readonly headers?: HeadersInit
  /** Read completely when the request is queued. */
  readonly body?: BodyInit | null
  /** Sent as JSON, instead of `body`. */
  readonly json?: unknown
  /** Whether the browser adds cookies when it sends the request. Default `'same-origin'`. */
  readonly credentials?: RequestCredentials
}

export interface EnqueueOptions {
  /**
   * The `Idempotency-Key`: 1 to 255 printable ASCII characters. Name the effect, such as `order-17`, so that queueing it twice
   * queues it one time. Default: the request's own header, else a random key.
   */
  readonly key?: string
}

/** A pending request. */
export interface OutboxEntry {
  readonly id: string
  readonly key: string
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly bodyBytes: number
  readonly createdAt: Date
  /** Number of times the request has been sent. */
  readonly attempts: number
  /** Why the last attempt did not complete the request. */
  readonly problem?: string
  /** Time before which the request is not sent automatically. */
  readonly nextAttemptAt?: Date
}

/** A request that was refused permanently or cannot be sent. `problem` gives the reason. */
export interface FailedOutboxEntry extends OutboxEntry {
  readonly failedAt: Date
  /** The server's answer: status, and up to 64 KiB of the body's text. */
  readonly answer?: RefusalAnswer
}

export interface RefusalAnswer {
  readonly status: number
  readonly contentType: string | null
  readonly body: string
}

export interface FlushResult {
  /** Number of requests that this call sent and the server accepted. */
  readonly sent: number
  /** Number of requests that were refused permanently during this call. */
  readonly failed: number
  /** Number of requests still pending. */
  readonly pending: number
}

/** State of the outbox, for the page to display. */
export interface OutboxState {
  readonly pending: number
  readonly failed: number
  /** Whether this page or service worker is sending now. */
  readonly sending: boolean
}

export interface Outbox extends AsyncDisposable {
  readonly name: string
  /** Tag under which Background Sync is registered. */
  readonly tag: string
  /**
   * Stores a request. Resolves to the entry's id when the request is on disk; sending starts automatically. A request with the
   * method, URL, key, content type and content of a pending entry is not queued again; if that entry has failed, it becomes
   * pending again. With another content or type under the same key, throws `AlreadyExists`. Forms are compared by their fields
   * and files. Throws `LimitExceeded` above `maxBodyBytes` or `maxEntries`, or without disk space.
   */
  enqueue(request: Request | OutboxRequest, options?: EnqueueOptions): Promise<string>
  /** Resolves to the pending entries, in sending order. */
  pending(): Promise<readonly OutboxEntry[]>
  /** Resolves to the permanently refused entries, oldest first. */
  failed(): Promise<readonly FailedOutboxEntry[]>
  /**
   * Makes a failed entry pending again, in its old position and under its key. Resolves to `false` when no failed entry has
   * this id.
   */
  retry(id: string): Promise<boolean>
  /** Deletes an entry. A pending request may already have reached the server. Resolves to `false` when no entry has this id. */
  discard(id: string): Promise<boolean>
  /**
   * Sends pending entries in order, until one must wait. Skips pauses after failures, except pauses that a server asked for.
   * Resolves when this page has done so, after waiting for any other page that is sending.
   */
  flush(options?: { readonly signal?: AbortSignal }): Promise<FlushResult>
  /** Calls the listener with the current state, and after each change in any page. Returns a function that unsubscribes. */
  subscribe(listener: (state: OutboxState) => void): () => void
  /** Stops sending after the current request. Pending entries stay on disk. */
  close(): Promise<void>
}
