/** The transport of object stores: a small interface over `fetch` or undici. It sends a request one time and follows no redirects. */
import type { S3HttpOptions } from './http-options.ts'

/** Headers of an answer; names are lower case. */
export interface S3Headers {
  get(name: string): string | null
  [Symbol.iterator](): Iterator<[string, string]>
}

/** An answer whose headers have come. Read its body in one form, or cancel it. */
export interface S3Answer {
  readonly status: number
  readonly headers: S3Headers
  /** The whole body. Rejects when the connection fails first. */
  bytes(): Promise<Uint8Array<ArrayBuffer>>
  /** The whole body as UTF-8. */
  text(): Promise<string>
  /** The body at its reader's pace. */
  stream(): ReadableStream<Uint8Array<ArrayBuffer>>
  /** Frees what the answer holds. */
  cancel(): Promise<void>
}

export interface S3TransportRequest {
  readonly method: string
  /** Scheme and host, such as `https://s3.test`. */
  readonly origin: string
  /** Path and query, encoded. */
  readonly path: string
  /** Without `host`, which the origin gives. */
  readonly headers: Readonly<Record<string, string>>
  /** A stream comes with its length. */
  readonly body?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>> | undefined
  /** Length of the body. */
  readonly size?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface S3Transport {
  /** Whether `Content-Encoding` is undone on the way, so that a body may not be what is stored. */
  readonly decodes: boolean
  send(request: S3TransportRequest): Promise<S3Answer>
  /** Closes connections; calls under way fail. */
  close?(): Promise<void>
}

/** Makes the transport of one store: `platformTransport` of the runtime. */
export type MakeTransport = (http?: S3HttpOptions) => S3Transport
