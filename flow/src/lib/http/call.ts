/** What a host hands the bridge, and what it gets back: HTTP without any server's own types. */
import type { Awaitable, Logger } from '@flowport/capabilities'

/** One request. Nothing in it is read before it is needed. */
export interface HttpCall {
  readonly method: string
  /** The path as it was sent, for problems. */
  readonly path: string
  /** Decoded path parameters. */
  readonly params: Readonly<Record<string, string>>
  /** The query as it was sent, without `?`. */
  readonly query: string
  /** A header by its lower-case name. */
  header(name: string): string | undefined
  /** Host and port it was sent to, where a proxy in between has changed the `Host` header. Default: that header. */
  readonly host?: string | undefined
  /** The host's own object for the request, which hooks can see. */
  readonly native?: unknown
  readonly body: HttpBody
  readonly log?: Logger | undefined
  /** Calls the listener if the client goes away before the answer has been sent; at once, if it has gone already. */
  onDisconnect(listener: () => void): void
  /** Where a platform stops a request's work with its answer: keeps it working until the promise settles. */
  waitUntil?(work: Promise<unknown>): void
}

/** A body, readable once, in one of its forms. */
export interface HttpBody {
  /**
   * The whole body, read when it is asked for and not before. More than `maxBytes` is a `CapabilityError` of kind
   * `LimitExceeded`. The bridge decodes it strictly, so that every host reads text alike.
   */
  bytes(maxBytes: number): Awaitable<Uint8Array<ArrayBuffer>>
  /** Whether the server has decoded what `bytes` gives, so that `Content-Encoding` no longer describes it. */
  readonly isDecoded?: boolean
  stream(): ReadableStream<Uint8Array<ArrayBuffer>>
}

/** Where a streamed answer is written. */
export interface HttpSink {
  /** Resolves when the reader can take more; returns nothing when it can take more at once. */
  write(text: string): Promise<void> | undefined
}

export type HttpOutcomeBody =
  | string
  | ReadableStream<Uint8Array<ArrayBuffer>>
  /** Text that comes over time. Never rejects: a failure is written in the stream's own form. */
  | ((sink: HttpSink) => Promise<void>)
  | null

/** The answer, for the host to send as it is. */
export interface HttpOutcome {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: HttpOutcomeBody
}
