/** What a host supplies for outgoing HTTP: a `fetch`. */
import type { PlainCapabilityInfo } from '../guarantees/info.ts'

export interface HttpDriver {
  readonly info: PlainCapabilityInfo
  fetch(request: Request): Promise<Response>
}
