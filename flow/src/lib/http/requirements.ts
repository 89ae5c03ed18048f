/** What a request may demand and a route cannot do: refused before its body is read, never passed over. */
import type { BodyBinding } from '../body.ts'
import type { HttpTrigger } from '../trigger.ts'
import type { HttpCall } from './call.ts'
import { HttpProblem } from './problem.ts'

/** @throws HttpProblem 400 or 415. */
export function checkRequirements(trigger: HttpTrigger, call: HttpCall): void {
  const { body, method, preconditions } = trigger
  if (body !== null) checkBodyHeaders(body, call)
  const isSafe = method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
  if (isSafe || body?.kind === 'blob' || preconditions === 'flow') return
  checkNoPreconditions(call)
}

/** RFC 9110: 14.5 for parts of bodies, 8.4 and 12.5.3 for codings. */
function checkBodyHeaders({ kind }: BodyBinding, call: HttpCall): void {
  if (call.header('content-range') !== undefined) {
    throw new HttpProblem({
      status: 400,
      code: 'PARTIAL_BODY',
      title: 'The route takes whole bodies only',
      detail: 'Send the whole body, without Content-Range',
    })
  }
  const isCoded =
    isOther(call.header('content-encoding'), 'identity') && !(kind === 'json' && call.body.isDecoded === true)
  if (!isCoded && !isOther(call.header('transfer-encoding'), 'chunked')) return
  throw new HttpProblem({
    status: 415,
    code: 'UNSUPPORTED_CONTENT_ENCODING',
    title: 'The body is compressed, or coded in another way that this route does not take',
    detail: 'Send the body as it is, without Content-Encoding',
    headers: { 'accept-encoding': 'identity' },
  })
}

/** Whether a list of codings names any other than this one. */
function isOther(header: string | undefined, coding: string): boolean {
  if (header === undefined || header === coding) return false
  return header.split(',').some((name) => !['', coding].includes(name.trim().toLowerCase()))
}

function checkNoPreconditions(call: HttpCall): void {
  const isAsked =
    call.header('if-match') !== undefined ||
    call.header('if-none-match') !== undefined ||
    call.header('if-unmodified-since') !== undefined
  if (!isAsked) return
  const asked = ['If-Match', 'If-None-Match', 'If-Unmodified-Since'].filter(
    (name) => call.header(name.toLowerCase()) !== undefined,
  )
  throw new HttpProblem({
    status: 400,
    code: 'CONDITION_NOT_SUPPORTED',
    title: 'This route cannot hold a write to that condition',
    detail: `Nothing was done. Send the request without ${asked.join(', ')}`,
  })
}
