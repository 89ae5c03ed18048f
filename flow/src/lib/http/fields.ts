/** The fields of a flow's message: path parameters joined with query or JSON body. */
import secureJson from 'secure-json-parse'
import { HttpProblem } from './problem.ts'
import type { HttpCall } from './call.ts'

/** Path parameters and query. A field given twice with different values is a 400. */
export function fieldsOf({ params, query }: Pick<HttpCall, 'params' | 'query'>): Record<string, unknown> {
  const fields: Record<string, unknown> = { ...params }
  if (query === '') return fields
  for (const [name, value] of new URLSearchParams(query)) addField(fields, name, value)
  return fields
}

/** Path parameters and the JSON text of a body. Without path parameters the body may be any JSON value. */
export function messageOf(params: Readonly<Record<string, string>>, text: string): unknown {
  const body = text.trim() === '' ? undefined : parseJson(text)
  const names = Object.keys(params)
  if (names.length === 0) return body ?? {}
  if (body === undefined) return { ...params }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new HttpProblem({
      status: 400,
      code: 'BODY_NOT_AN_OBJECT',
      title: 'The body must be a JSON object',
      detail: `Its fields are joined with the path parameters ${names.join(', ')}`,
    })
  }
  const fields: Record<string, unknown> = { ...(body as Record<string, unknown>) }
  for (const name of names) addField(fields, name, params[name])
  return fields
}

/** Adds one field; the same value twice is fine, another is a 400. */
export function addField(fields: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') throw conflict(name, 'is not a name a field may have')
  if (Object.hasOwn(fields, name) && fields[name] !== value)
    throw conflict(name, 'is given twice, with different values')
  fields[name] = value
}

function parseJson(text: string): unknown {
  try {
    return secureJson.parse(text, null, { protoAction: 'error', constructorAction: 'error' })
  } catch (cause) {
    throw new HttpProblem({
      status: 400,
      code: 'MALFORMED_JSON',
      title: 'The body is not JSON',
      detail: cause instanceof SyntaxError ? placeOf(cause.message) : 'It cannot be parsed',
    })
  }
}

/** Where parsing failed, without echoing what was sent. */
function placeOf(message: string): string {
  const position = /position (\d+)/.exec(message)?.[1]
  if (message.includes('forbidden prototype'))
    return 'It has a property that is not allowed, such as "__proto__"'
  return position === undefined
    ? 'It ends too early or has a character that does not belong'
    : `The mistake is at character ${position}`
}

function conflict(name: string, what: string): HttpProblem {
  return new HttpProblem({
    status: 400,
    code: 'FIELD_CONFLICT',
    title: 'A field of the request is ambiguous',
    detail: `"${name.slice(0, 100)}" ${what}`,
  })
}
