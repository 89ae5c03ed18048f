/** Statuses and headers that every host can send: refused where they are written, not where they are sent. */

/** Such as 204: an answer that has no body by its status. */
export function isBodiless(status: number): boolean {
  return status === 204 || status === 205 || status === 304
}

/** @throws TypeError for what is no status of an answer. */
export function checkedStatus(status: number, from = 200): number {
  if (Number.isInteger(status) && status >= from && status <= 599) return status
  throw new TypeError(`${String(status)} is no status of an answer: use a whole number from ${from} to 599`)
}

/**
 * The headers under lower-case names.
 * @throws TypeError for names and values that no answer can have. The value is not in the message.
 */
export function checkedHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const checked: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    const fault = headerFault(name, value)
    if (fault !== null) throw new TypeError(fault)
    checked[name.toLowerCase()] = value
  }
  return checked
}

/**
 * What another program wants to send with a problem, under lower-case names: numbers become text, and headers are left out that
 * no answer can have or that describe another body.
 */
export function problemHeadersOf(headers: unknown): Readonly<Record<string, string>> {
  if (typeof headers !== 'object' || headers === null) return {}
  const kept: Record<string, string> = {}
  for (const [name, given] of Object.entries(headers)) {
    const value: unknown = typeof given === 'number' ? String(given) : given
    if (typeof value !== 'string' || headerFault(name, value) !== null) continue
    if (!name.toLowerCase().startsWith('content-')) kept[name.toLowerCase()] = value
  }
  return kept
}

/** The server decides by itself how a message is framed: a second word on it would make two messages of one. */
const framing: ReadonlySet<string> = new Set(['transfer-encoding', 'te', 'trailer', 'upgrade'])

function headerFault(name: string, value: unknown): string | null {
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name))
    return `${JSON.stringify(name)} is no name of a header: use letters, digits and "-"`
  if (framing.has(name.toLowerCase()))
    return `the header "${name}" is the server's own, which frames its messages: leave it out`
  if (typeof value !== 'string') return `the header "${name}" must be text, not ${typeof value}`
  if (isHeaderValue(value)) return null
  return (
    `the header "${name}" has a character that HTTP does not carry, such as a line break or one beyond ASCII: ` +
    "encode it, as filename*=UTF-8'' does in content-disposition"
  )
}

/** ASCII only: for what lies beyond, hosts write different bytes. */
export function isHeaderValue(value: string): boolean {
  return !/[^\t\u0020-\u007e]/.test(value)
}
