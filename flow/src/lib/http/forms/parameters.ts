/** Header values such as `form-data; name="a"`: the value before the first `;`, and its parameters. */

export interface ParameterizedValue {
  /** In lower case. */
  readonly value: string
  /** By lower-case name, as sent but without quotes. */
  readonly parameters: ReadonlyMap<string, string>
}

/** One parameter. A backslash in a quoted value stands for itself, as the browsers' form encoding has it. */
const parameter = /[ \t]*;[ \t]*(?:([\w!#$%&'*+.^`|~-]+)=(?:"([^"]*)"|([^\s";]+)))?/y

/** Reads such a value, or returns `null` for a malformed one or one that gives a parameter twice. */
export function readParameters(text: string): ParameterizedValue | null {
  const end = text.indexOf(';')
  const value = (end < 0 ? text : text.slice(0, end)).trim().toLowerCase()
  const parameters = new Map<string, string>()
  const rest = end < 0 ? '' : text.slice(end).trimEnd()
  parameter.lastIndex = 0
  let at = 0
  while (at < rest.length) {
    const match = parameter.exec(rest)
    if (match === null) return null
    at = parameter.lastIndex
    const name = match[1]?.toLowerCase()
    if (name === undefined) continue
    if (parameters.has(name)) return null
    parameters.set(name, match[2] ?? match[3] ?? '')
  }
  return { value, parameters }
}
