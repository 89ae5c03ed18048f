/** Outgoing HTTP over the runtime's own `fetch`. */
import { CapabilityError } from '../error.ts'
import { wasNeverSent } from '../http/applied.ts'
import type { HttpDriver } from '../http/driver.ts'

export interface SystemHttpOptions {
  /** Default `globalThis.fetch`. */
  readonly fetch?: (request: Request) => Promise<Response>
}

export function systemHttpDriver({ fetch }: SystemHttpOptions = {}): HttpDriver {
  return {
    info: { provider: 'system', extensions: {} },
    fetch: fetch === undefined ? platformFetch : (request) => fetch(request),
  }
}

/** The part of undici, Node's HTTP client, that sends one request: https://undici.nodejs.org/#/docs/api/Dispatcher */
interface Dispatcher {
  dispatch(options: object, handler: object): boolean
}

/** The dispatcher `fetch` uses on Node, also where an app has set one of its own; `undefined` on other runtimes. */
function nodeDispatcher(): Dispatcher | undefined {
  return Reflect.get(globalThis, Symbol.for('undici.globalDispatcher.1')) as Dispatcher | undefined
}

/**
 * The runtime's `fetch`. On Node, a write that failed before anything of it was sent says so: its requests are counted, as
 * a refused connection after a redirect says nothing of the server that redirected.
 */
async function platformFetch(request: Request): Promise<Response> {
  const node = request.method === 'GET' || request.method === 'HEAD' ? undefined : nodeDispatcher()
  // Called as a bare function: workerd refuses its `fetch` with any other `this`.
  if (node === undefined) return globalThis.fetch(request)
  let sent = 0
  const counted: Dispatcher = {
    dispatch(options, handler) {
      sent += 1
      return node.dispatch(options, handler)
    },
  }
  try {
    return await fetch(request, { dispatcher: counted } as object)
  } catch (cause) {
    if (sent > 1 || (sent === 1 && !wasNeverSent(cause))) throw cause
    throw new CapabilityError('Unavailable', 'the server could not be reached', { applied: 'no', cause })
  }
}
