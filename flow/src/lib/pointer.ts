/** JSON Pointers (RFC 6901), compiled once; and the type of what one points at. */

/** The type at pointer `P` of `T`; `never` when there is nothing. */
export type ValueAt<T, P extends string> = P extends ''
  ? T
  : P extends `/${infer Head}/${infer Rest}`
    ? ValueAt<Field<T, Head>, `/${Rest}`>
    : P extends `/${infer Head}`
      ? Field<T, Head>
      : never

/** Whether pointer `P` passes a part of `T` whose type is not known, so that it may lead to something. */
export type LeadsIntoUnknown<T, P extends string> = unknown extends T
  ? true
  : P extends `/${infer Head}/${infer Rest}`
    ? LeadsIntoUnknown<Field<T, Head>, `/${Rest}`>
    : false

/** Pointers into `T` whose first token is there, and leads to no number, boolean or the like. */
export type PointerInto<T> = [T] extends [never]
  ? `/${string}`
  : unknown extends T
    ? `/${string}`
    : T extends object
      ? { [K in keyof T & string]-?: PointerVia<K, NonNullable<T[K]>> }[keyof T & string]
      : never

type PointerVia<K extends string, V> = K extends `${string}${'/' | '~'}${string}`
  ? `/${string}`
  : V extends number | boolean | bigint | symbol
    ? never
    : `/${K}` | (V extends string ? never : `/${K}/${string}`)

type Field<T, K extends string> = T extends readonly (infer E)[]
  ? K extends `${number}`
    ? E
    : never
  : T extends object
    ? Unescape<K> extends keyof T
      ? T[Unescape<K>]
      : never
    : never

type Unescape<K extends string> = K extends `${infer A}~1${infer B}`
  ? Unescape<`${A}/${B}`>
  : K extends `${infer A}~0${infer B}`
    ? `${A}~${B}`
    : K

/** A function that follows `pointer`; `undefined` where there is nothing. A malformed pointer is a `TypeError`. */
export function compilePointer(pointer: string): (value: unknown) => unknown {
  const keys = parsePointer(pointer)
  if (keys.length === 1) {
    const only = keys[0] as string
    return (value) => child(value, only)
  }
  return (value) => keys.reduce(child, value)
}

/** The unescaped reference tokens of a pointer. A malformed pointer is a `TypeError`. */
export function parsePointer(pointer: string): readonly string[] {
  if (pointer === '') return []
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) {
    throw new TypeError(
      `"${pointer}" is not a JSON Pointer: start with "/", write "~" as "~0" and "/" as "~1"`,
    )
  }
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** A path of property names as a pointer. */
export function toPointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

function child(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return (value as Record<string, unknown>)[key]
}
