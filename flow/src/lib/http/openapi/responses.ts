/** What an operation answers: each status the bridge has for the route, and a problem for those the flow decides on. */
import type { AnyFlow } from '../../flow.ts'
import type { HttpTrigger } from '../../trigger.ts'
import { answersOf } from './answers.ts'
import type { Json, SchemaPlace } from './components.ts'

export function responses(flow: AnyFlow, trigger: HttpTrigger, place: SchemaPlace, isSecured: boolean): Json {
  const problemBody = { 'application/problem+json': { schema: place.problem() } }
  const { content, hasBytes, mayBeEmpty } = answersOf(flow, place)
  const isRead = trigger.method === 'GET' && trigger.status === 200
  const found: Record<string, Json> = {
    [String(trigger.status)]: {
      description: 'The answer of the flow.',
      ...(hasBytes ? { headers: blobHeaders } : {}),
      content,
    },
  }
  if (mayBeEmpty && trigger.status === 200) found['204'] = { description: 'The flow answered with nothing.' }
  if (hasBytes && isRead) {
    found['206'] = {
      description: 'The bytes of the range.',
      headers: { ...blobHeaders, 'Content-Range': textHeader },
      content,
    }
    found['304'] = {
      description: 'The version that the client has is the current one.',
      headers: { ETag: textHeader },
    }
  }
  for (const [status, description] of Object.entries(problemsOf(trigger, hasBytes && isRead, isSecured)))
    found[status] = { description, content: problemBody }
  found['default'] = { description: 'A problem that the flow decides on.', content: problemBody }
  return found
}

const textHeader: Json = { schema: { type: 'string' } }

const blobHeaders: Json & object = {
  ETag: textHeader,
  'Last-Modified': textHeader,
  'Accept-Ranges': { schema: { type: 'string', enum: ['bytes', 'none'] } },
}

/** Statuses of the bridge's own problems, by what can cause them. */
function problemsOf(
  trigger: HttpTrigger,
  readsBytes: boolean,
  isSecured: boolean,
): Readonly<Record<string, string>> {
  const { body, idempotency, method, preconditions } = trigger
  return {
    '400': 'The request is malformed.',
    ...(isSecured
      ? { '401': 'The credentials are missing or wrong.', '403': 'The caller may not do this.' }
      : method === 'POST'
        ? { '403': 'The page of another site sent the request.' }
        : {}),
    ...(readsBytes ? { '404': 'There is no such object.' } : {}),
    ...(idempotency === null
      ? {}
      : {
          '409': 'A request with the same `Idempotency-Key` is being worked on, or its outcome is unknown.',
        }),
    ...(readsBytes || body?.kind === 'blob' || preconditions === 'flow'
      ? { '412': 'A condition on the stored version does not hold.' }
      : {}),
    ...(readsBytes ? { '416': 'There are no bytes in the range.' } : {}),
    ...(body === null
      ? {}
      : {
          '408': 'The body did not arrive in time.',
          '413': 'The body is too large.',
          '415': 'The body is of a type, a charset or a coding that is not taken.',
        }),
    '422':
      idempotency === null
        ? 'The input does not fit its schema; `details.issues` points at each field.'
        : 'The input does not fit its schema (`details.issues` points at each field), or the `Idempotency-Key` was used with another request.',
    '500': 'The server failed.',
    '503': 'A resource is unavailable, or the server is draining.',
    '504': 'The deadline passed.',
  }
}
