/** The fields of a flow's message: path parameters joined with query or JSON body. */
import type { HttpCall } from './call.ts'
import { parseJson } from './json-text.ts'
import { HttpProblem } from './problem.ts'
import { badQuery } from './refusals.ts'

/** Path parameters and query. A field given twice with different values is a 400, a broken encoding too. */
export function fieldsOf({ params, query }: Pick<HttpCall, 'params' | 'query'>): Record<string, unknown> {
  const fields: Record<string, unknown> = { ...params }
  if (query === '') return fields
  checkEncoding(query)
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

/** `URLSearchParams` would make U+FFFD of bytes that are not UTF-8, and keep a `%` that encodes nothing. */
function checkEncoding(query: string): void {
  // A server that hands on raw bytes has made one character of each: what they mean is not known.
  if (/[^\x21-\x7e]/.test(query)) throw badQuery()
  if (!query.includes('%')) return
  try {
    decodeURIComponent(query)
  } catch {
    throw badQuery()
  }
}

function conflict(name: string, what: string): HttpProblem {
  return new HttpProblem({
    status: 400,
    code: 'FIELD_CONFLICT',
    title: 'A field of the request is ambiguous',
    detail: `"${name.slice(0, 100)}" ${what}`,
  })
}
