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
}

/** What a node gets for `uses: { http: 'read' }`. */
export interface HttpRead {
  readonly info: PlainCapabilityInfo
  /**
   * Resolves the response whatever its status. No connection is `Unavailable`, a scheme other than http(s) or a method
   * that writes is `InvalidInput`.
   *
   * `applied` of an error says `no` for what was not sent, on Node also for a host without an address and a refused
   * connection, and `unknown` for every other write without an answer. For a response, `appliedByStatus` says it.
   */
  fetch(url: string | URL, options?: HttpOptions<ReadMethod>): Promise<Response>
}

/** What a node gets for `uses: { http: 'write' }`. */
export interface HttpWrite extends HttpRead {
  fetch(url: string | URL, options?: HttpOptions<ReadMethod | WriteMethod>): Promise<Response>
}
