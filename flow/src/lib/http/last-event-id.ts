/** The `Last-Event-ID` of a client that reads a stream of events again: the id of the last event it has. */
import type { HttpCall } from './call.ts'

/** Longest id that is looked at, in characters. */
const maxLength = 1_024

/**
 * The id; `undefined` without the header, and for one that no event of a flow can have. Clients send UTF-8, of which some
 * servers make a character per byte.
 */
export function lastEventIdOf(call: Pick<HttpCall, 'header'>): string | undefined {
  const sent = call.header('last-event-id')
  if (sent === undefined || sent.length > maxLength) return undefined
  if (!/[\u0080-\u00ff]/.test(sent) || /[\u0100-\uffff]/.test(sent)) return sent
  try {
    const bytes = Uint8Array.from(sent, (character) => character.charCodeAt(0))
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return sent
  }
}
