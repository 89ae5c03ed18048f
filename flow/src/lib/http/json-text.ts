/** JSON from outside, within a depth that validators and serialisers can follow. */
import secureJson from 'secure-json-parse'
import { HttpProblem } from './problem.ts'

/** Most levels of arrays and objects inside each other. */
export const maxJsonDepth = 500

/**
 * The value of a JSON text.
 * @throws HttpProblem 400 for text that is not JSON, sets a prototype, or nests deeper than `maxJsonDepth`.
 */
export function parseJson(text: string): unknown {
  let value: unknown
  try {
    value = secureJson.parse(text, null, { protoAction: 'error', constructorAction: 'error' })
  } catch (cause) {
    throw new HttpProblem({
      status: 400,
      code: 'MALFORMED_JSON',
      title: 'The body is not JSON',
      detail: cause instanceof SyntaxError ? placeOf(cause.message) : 'It cannot be parsed',
    })
  }
  // Every level takes two characters: a shorter text cannot be too deep.
  if (text.length > 2 * maxJsonDepth && !isWithin(value, maxJsonDepth)) {
    throw new HttpProblem({
      status: 400,
      code: 'JSON_TOO_DEEP',
      title: 'The body is nested too deeply',
      detail: `Arrays and objects may be ${maxJsonDepth} levels deep`,
    })
  }
  return value
}

/** Primitives, which most values are, cost no call. */
function isWithin(value: unknown, levels: number): boolean {
  if (!isNested(value)) return true
  if (levels === 0) return false
  if (Array.isArray(value)) {
    for (const item of value) if (isNested(item) && !isWithin(item, levels - 1)) return false
    return true
  }
  for (const name in value) {
    const field = value[name]
    if (isNested(field) && !isWithin(field, levels - 1)) return false
  }
  return true
}

function isNested(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
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
