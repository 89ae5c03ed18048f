/** Finds the first difference between two values, as a JSON Pointer. */

/** Returns `null` when the values are equal. Compares fields in the order of the first value, then of the second. */
export function firstDifference(one: unknown, two: unknown): string | null {
  return search(one, two, '', new Set())
}

function search(one: unknown, two: unknown, at: string, within: Set<object>): string | null {
  if (Object.is(one, two)) return null
  if (!isObject(one) || !isObject(two) || Array.isArray(one) !== Array.isArray(two)) return at
  if (one instanceof Date || two instanceof Date) return Number(one) === Number(two) ? null : at
  if (one instanceof Uint8Array || two instanceof Uint8Array) return sameBytes(one, two) ? null : at
  // A cyclic value: this object is already being compared.
  if (within.has(one)) return null
  within.add(one)
  for (const name of new Set([...Object.keys(one), ...Object.keys(two)])) {
    const found = search(Reflect.get(one, name), Reflect.get(two, name), `${at}/${escaped(name)}`, within)
    if (found !== null) return found
  }
  within.delete(one)
  return null
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function sameBytes(one: object, two: object): boolean {
  if (!(one instanceof Uint8Array) || !(two instanceof Uint8Array)) return false
  return Buffer.compare(one, two) === 0
}

/** Escapes a field name for a JSON Pointer (RFC 6901). */
function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
