/** The contracts of outgoing HTTP requests. `HttpRead` refuses methods that write. */
import type { PlainCapabilityInfo } from '../guarantees/info.ts'

export type ReadMethod = 'GET' | 'HEAD' | 'OPTIONS'
export type WriteMethod = 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface HttpOptions<M extends string = string> {
  /** Default `'GET'`. */
  readonly method?: M
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>
  readonly signal?: AbortSignal | undefined
  /**
   * How to report 408, 429 and 5xx. `'throw'`: as an error with `retryAfterMs` and `details.status`, which layers and a
   * step's `retry` can retry. `'resolve'`: as the response, like every other status. Default `'throw'`.
   */
  readonly statuses?: 'throw' | 'resolve'
}

/** HTTP requests that only read, for nodes with `uses: { http: 'read' }`. */
export interface HttpRead {
  readonly info: PlainCapabilityInfo
  /**
   * Resolves the response. Throws when the server cannot answer now: no connection and 5xx are `Unavailable`, 408 and 504
   * `Timeout`, 429 `RateLimited`, 501 and 505 `Unsupported`; with `statuses: 'resolve'` every status resolves a response.
   * A scheme other than http(s) or a method that writes is `InvalidInput`. A fired `AbortSignal.timeout()` is `Timeout`, any
   * other fired signal `Cancelled`. Reading the response as text, JSON, bytes or a `Blob` throws the same errors, and
   * `Unavailable` when the connection breaks; reading its `body` as a stream throws the platform's errors.
   *
   * `applied` of an error is `no` for a request that was not sent, on Node also for an unresolved host name and a refused
   * connection, and `unknown` for any other write without an answer. `appliedByStatus` sets it for an error from a status.
   */
  fetch(url: string | URL, options?: HttpOptions<ReadMethod>): Promise<Response>
}

/** HTTP requests with any method, for nodes with `uses: { http: 'write' }`. */
export interface HttpWrite extends HttpRead {
  fetch(url: string | URL, options?: HttpOptions<ReadMethod | WriteMethod>): Promise<Response>
}
