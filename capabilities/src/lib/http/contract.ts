/** The outgoing HTTP contracts: `HttpRead` refuses methods that write. */
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
   * What to do with 408, 429 and 5xx. `'throw'`: an error that layers and a step's `retry` can try again, with
   * `retryAfterMs` and `details.status`. `'resolve'`: the response, as for every other status. Default `'throw'`.
   */
  readonly statuses?: 'throw' | 'resolve'
}

/** What a node gets for `uses: { http: 'read' }`. */
export interface HttpRead {
  readonly info: PlainCapabilityInfo
  /**
   * Resolves the response. A server that cannot answer now is an error: no connection and 5xx are `Unavailable`, 408 and 504
   * `Timeout`, 429 `RateLimited`, 501 and 505 `Unsupported`; with `statuses: 'resolve'` every status resolves a response.
   * A scheme other than http(s) or a method that writes is `InvalidInput`. A signal of `AbortSignal.timeout()` that fires is a
   * `Timeout`, every other `Cancelled`. Reading the response as text, JSON, bytes or a `Blob` rejects in the same way, with
   * `Unavailable` when the connection breaks; its `body`, read as a stream, fails as the platform has it.
   *
   * `applied` of an error says `no` for what was not sent, on Node also for a host without an address and a refused
   * connection, and `unknown` for every other write without an answer. Of a status, `appliedByStatus` says it.
   */
  fetch(url: string | URL, options?: HttpOptions<ReadMethod>): Promise<Response>
}

/** What a node gets for `uses: { http: 'write' }`. */
export interface HttpWrite extends HttpRead {
  fetch(url: string | URL, options?: HttpOptions<ReadMethod | WriteMethod>): Promise<Response>
}
