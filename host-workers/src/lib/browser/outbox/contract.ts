/** The outbox's promises: requests kept on disk while there is no network, and sent in order, each under one key. */

/** A request to queue. */
export interface OutboxRequest {
  /** Default `'POST'`; in capitals when it is sent. GET, HEAD and OPTIONS have no effect to queue, and are refused. */
  readonly method?: string
  /** Relative ones are resolved against the page. Only `http:` and `https:`, without credentials in its query. */
  readonly url: string | URL
  /** Never credentials: those are added by `prepare` when the request is sent. */
  readonly headers?: HeadersInit
  /** Read whole when the request is queued. */
  readonly body?: BodyInit | null
  /** Sent as JSON, instead of `body`. */
  readonly json?: unknown
  /** Whether the browser adds its cookies when it is sent. Default `'same-origin'`. */
  readonly credentials?: RequestCredentials
}

export interface EnqueueOptions {
  /**
   * The `Idempotency-Key`: 1 to 255 printable ASCII characters. Name the effect, such as `order-17`, and queueing it twice
   * queues it once. Default: the request's own header, else a random one.
   */
  readonly key?: string
}

/** A request that waits. */
export interface OutboxEntry {
  readonly id: string
  readonly key: string
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly bodyBytes: number
  readonly createdAt: Date
  /** How often it has been sent. */
  readonly attempts: number
  /** Why it was not done with when it was last sent. */
  readonly problem?: string
  /** Not sent by itself before. */
  readonly nextAttemptAt?: Date
}

/** A request that was refused for good, or that cannot be sent: `problem` says why. */
export interface FailedOutboxEntry extends OutboxEntry {
  readonly failedAt: Date
  /** The server's answer: its status, and its body up to 64 KiB of text. */
  readonly answer?: RefusalAnswer
}

export interface RefusalAnswer {
  readonly status: number
  readonly contentType: string | null
  readonly body: string
}

export interface FlushResult {
  /** Answered with success, by this call. */
  readonly sent: number
  /** Refused for good, by this call. */
  readonly failed: number
  /** What still waits. */
  readonly pending: number
}

/** For the page to show. */
export interface OutboxState {
  readonly pending: number
  readonly failed: number
  /** Whether this page, or this service worker, is sending now. */
  readonly sending: boolean
}

export interface Outbox extends AsyncDisposable {
  readonly name: string
  /** The tag its Background Sync is registered under. */
  readonly tag: string
  /**
   * Resolves with the entry's id once the request is on disk; sending starts by itself. A request of the same method, URL, key,
   * content type and content that waits already is not queued again, one that failed waits again; with another content or type
   * it is `AlreadyExists`. Forms are compared by their fields and files.
   * Over `maxBodyBytes` or `maxEntries`, or without space, it is `LimitExceeded`.
   */
  enqueue(request: Request | OutboxRequest, options?: EnqueueOptions): Promise<string>
  /** What waits, in the order it is sent. */
  pending(): Promise<readonly OutboxEntry[]>
  /** What was refused for good, oldest first. */
  failed(): Promise<readonly FailedOutboxEntry[]>
  /** Lets what failed wait again, in its old place and under its key. Resolves `false` when there is no such failed entry. */
  retry(id: string): Promise<boolean>
  /** Forgets an entry. One that waits may have reached the server before. Resolves `false` when there is none. */
  discard(id: string): Promise<boolean>
  /**
   * Sends what waits, in order, until one must wait longer. Pauses after failures are cut short, except those a server asked
   * for. Resolves when this has been done, by this page or by another that was at it.
   */
  flush(options?: { readonly signal?: AbortSignal }): Promise<FlushResult>
  /** Calls the listener with the state now and after each change, of other pages too. Returns what ends that. */
  subscribe(listener: (state: OutboxState) => void): () => void
  /** Stops sending when what is under way is answered. What waits stays on disk. */
  close(): Promise<void>
}
