/** The transport of object stores on Workers, in browsers and on Bun: the platform's `fetch`. */
import { fetchTransport } from './fetch-transport.ts'
import type { S3HttpOptions } from './http-options.ts'
import type { S3Transport } from './transport.ts'

/** Makes the transport of one store. `fetch` takes no connection options, so `http` is ignored. */
export function platformTransport(_http: S3HttpOptions = {}): S3Transport {
  return fetchTransport()
}
