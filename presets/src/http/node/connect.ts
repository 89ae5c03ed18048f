/** `fetch` on Node over connections that are checked as they are made: what a name resolves to must not be private. */
import { lookup as systemLookup } from 'node:dns'
import type { LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { CapabilityError } from '@flowport/capabilities'
import { Agent, fetch } from 'undici'
import type { Send } from '../client.ts'
import type { ConnectOptions } from '../open.ts'
import { isPrivateAddress } from '../private-address.ts'

export interface NodeConnectOptions extends ConnectOptions {
  /** Resolves names. Default: the system's resolver. */
  readonly lookup?: LookupFunction
}

/** A `fetch` with a pool of its own, and what closes the pool. */
export function connectOnNode({ allowPrivate, maxHeaderBytes, lookup = systemLookup }: NodeConnectOptions): {
  readonly send: Send
  close(): Promise<void>
} {
  const dispatcher = new Agent({
    connect: { lookup: allowPrivate ? lookup : guarded(lookup) },
    maxHeaderSize: maxHeaderBytes,
    // The driver has bounds of its own, on the clock it is given.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  return {
    // Both fetches are the same one, in two versions.
    send: (url, init) => fetch(url, { ...init, dispatcher }) as unknown as Promise<Response>,
    close: () => dispatcher.destroy(),
  }
}

/**
 * The addresses the connection is made to are the ones checked here: a name that resolves differently a moment later
 * gains nothing. One private address among them refuses the name.
 */
export function guarded(lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, options, (error, found, family) => {
      if (error !== null) return callback(error, found, family)
      const addresses =
        typeof found === 'string' ? [found] : found.map(({ address }: LookupAddress) => address)
      if (addresses.length > 0 && !addresses.some(isPrivateAddress)) return callback(null, found, family)
      callback(leadsInside(hostname), '', 0)
    })
  }
}

function leadsInside(hostname: string): CapabilityError {
  return new CapabilityError(
    'PermissionDenied',
    `${hostname} resolves to an address in a private network; if that is meant, set allowPrivate: true`,
    { code: 'HTTP_PRIVATE_ADDRESS', details: { host: hostname } },
  )
}
