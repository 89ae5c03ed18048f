/** How the S3 driver connects on Node. */
import { countRule, timerRule } from '@flowport/capabilities'

/** Something of undici that sends requests, such as its `ProxyAgent`. */
export interface HttpDispatcher {
  dispatch(options: never, handler: never): boolean
}

export interface S3HttpOptions {
  /** Most connections to one host, 1 to 65 536. Default 128. */
  readonly connections?: number | undefined
  /** Requests sent on a connection before the first is answered; 1 waits for each answer, 1024 are the most. Default 1. */
  readonly pipelining?: number | undefined
  /** Milliseconds an idle connection is kept. Default 4000; S3 closes idle ones after some seconds, unannounced. */
  readonly keepAliveMs?: number | undefined
  /** Milliseconds to connect in. Default 10 000. */
  readonly connectTimeoutMs?: number | undefined
  /** Milliseconds from the end of a request to the headers of its answer. Default 60 000. */
  readonly headersTimeoutMs?: number | undefined
  /** Milliseconds of silence in the middle of an answer. Default 60 000. */
  readonly bodyTimeoutMs?: number | undefined
  /** PEM of the authorities to trust instead of the system's, for endpoints with a private certificate. */
  readonly ca?: string | readonly string[] | undefined
  /**
   * Sends the requests instead, such as undici's `ProxyAgent`. It is used as it is, and not closed. It must not send a request
   * twice, as a `RetryAgent` does: errors could then not say whether a write was applied. Default: an `Agent`.
   */
  readonly dispatcher?: HttpDispatcher | undefined
}

/** Ranges of the numeric options. */
export const s3HttpNumbers = {
  connections: countRule(1, 65_536),
  pipelining: countRule(1, 1024),
  keepAliveMs: timerRule(1),
  connectTimeoutMs: timerRule(1),
  headersTimeoutMs: timerRule(1),
  bodyTimeoutMs: timerRule(1),
}
