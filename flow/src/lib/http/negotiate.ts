/** Which form of a streamed answer the client wants. */
import Negotiator from 'negotiator'

export type StreamForm = 'sse' | 'ndjson' | 'json'

const types = {
  'text/event-stream': 'sse',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/json': 'json',
} as const

/**
 * SSE unless NDJSON is preferred. A stream with a result is JSON unless one of the two is asked for by name;
 * a stream without one is never JSON.
 */
export function streamForm(accept: string | undefined, hasResult: boolean): StreamForm {
  const usual = hasResult ? 'json' : 'sse'
  if (accept === undefined || accept === '' || accept === '*/*') return usual
  const offered = hasResult
    ? ['application/json', 'text/event-stream', 'application/x-ndjson', 'application/ndjson']
    : ['text/event-stream', 'application/x-ndjson', 'application/ndjson']
  const chosen = new Negotiator({ headers: { accept } }).mediaType(offered)
  return types[chosen as keyof typeof types] ?? usual
}
