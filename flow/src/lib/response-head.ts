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
 * @throws TypeError for names and values that HTTP cannot carry. The value is not in the message.
 */
export function checkedHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const checked: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name))
      throw new TypeError(`${JSON.stringify(name)} is no name of a header: use letters, digits and "-"`)
    if (typeof value !== 'string')
      throw new TypeError(`the header "${name}" must be text, not ${typeof value}`)
    if (!isHeaderValue(value)) {
      throw new TypeError(
        `the header "${name}" has a character that HTTP does not carry, such as a line break or one beyond ASCII: ` +
          "encode it, as filename*=UTF-8'' does in content-disposition",
      )
    }
    checked[name.toLowerCase()] = value
  }
  return checked
}

/** ASCII only: for what lies beyond, hosts write different bytes. */
export function isHeaderValue(value: string): boolean {
  return !/[^\t\u0020-\u007e]/.test(value)
}
