/** Where the id of the last event that a client has is in the metadata of a run. */
import type { Metadata } from './node-context.ts'

export const lastEventIdField = 'http.last_event_id'

/** `undefined` for a client that reads a stream from its beginning, and for runs that HTTP did not start. */
export function lastEventIdIn(metadata: Metadata): string | undefined {
  const id = metadata[lastEventIdField]
  return typeof id === 'string' ? id : undefined
}
