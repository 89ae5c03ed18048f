/** The transport of object stores on Node: a pool of undici connections for each store. */
import type { S3HttpOptions } from './http-options.ts'
import { undiciTransport } from './node/undici-transport.ts'
import type { S3Transport } from './transport.ts'

/** Makes the transport of one store, which closes it. */
export function platformTransport(http: S3HttpOptions = {}): S3Transport {
  return undiciTransport(http)
}
