/** What hooks and nodes read of the request that started a run. */
import { lastEventIdField } from '../last-event-id.ts'
import type { HttpTrigger } from '../trigger.ts'
import { isTraceparent } from './answer-headers.ts'
import type { HttpCall } from './call.ts'
import { lastEventIdOf } from './last-event-id.ts'

export function httpMetadata(
  call: HttpCall,
  { path, preconditions }: HttpTrigger,
  requestId: string,
  idempotencyKey: string | undefined,
) {
  const traceparent = call.header('traceparent')
  const lastEventId = lastEventIdOf(call)
  return {
    'http.method': call.method,
    'http.path': call.path,
    'http.route': path,
    'http.query': call.query,
    'http.request_id': requestId,
    'http.user_agent': call.header('user-agent'),
    ...(lastEventId === undefined ? {} : { [lastEventIdField]: lastEventId }),
    ...(idempotencyKey === undefined ? {} : { 'http.idempotency_key': idempotencyKey }),
    ...(traceparent !== undefined && isTraceparent(traceparent) ? { 'http.traceparent': traceparent } : {}),
    ...(preconditions === 'flow' ? preconditionMetadata(call) : {}),
  }
}

/** As they were sent, for a flow that honours them itself. */
function preconditionMetadata(call: HttpCall) {
  return {
    'http.if_match': call.header('if-match'),
    'http.if_none_match': call.header('if-none-match'),
    'http.if_unmodified_since': call.header('if-unmodified-since'),
  }
}
