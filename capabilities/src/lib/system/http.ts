/** Outgoing HTTP over the runtime's own `fetch`. */
import type { HttpDriver } from '../http/driver.ts'

export interface SystemHttpOptions {
  /** Default `globalThis.fetch`. */
  readonly fetch?: (request: Request) => Promise<Response>
}

export function systemHttpDriver({ fetch = globalThis.fetch }: SystemHttpOptions = {}): HttpDriver {
  return {
    info: { provider: 'system', extensions: {} },
    // Called as a bare function: workerd refuses its `fetch` with any other `this`.
    fetch: (request) => fetch(request),
  }
}
