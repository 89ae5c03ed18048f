/** Makes the references that `graph` passes around, and refuses every use of one as if it were the value. */
import type { AnyRef } from './ref.ts'
import type { Template } from './template.ts'

/** What a reference stands for: a slot of the run's values, or a template that reads slots. */
export type RefState =
  | { readonly owner: object; readonly slot: number }
  | { readonly owner: object; readonly template: Template }

/** Throws the error for one wrong use. `use` is what the code did, `instead` what to write. */
export type Refuse = (use: string, instead: string) => never

const states = new WeakMap<object, RefState>()

/** The state of a reference, or `undefined` for any other value. */
export function refStateOf(value: unknown): RefState | undefined {
  return typeof value === 'object' && value !== null ? states.get(value) : undefined
}

export function isRef(value: unknown): value is AnyRef {
  return refStateOf(value) !== undefined
}

/** Keys that are read without meaning a field: `await` asks for `then`, types for `~types`. */
const harmless = new Set<PropertyKey>(['then', '~types'])

/** A reference that throws through `refuse` where code reads, spreads, iterates, changes or serializes it. */
export function makeRef(state: RefState, refuse: Refuse): AnyRef {
  const fields = 'step.params({ id: step.at(ref, "/id"), … })'
  const ref = new Proxy(Object.freeze({}), {
    get: (_target, key) => {
      if (key === Symbol.iterator) return refuse('is iterated', 'step.at(ref, "/0")')
      if (key === Symbol.toPrimitive || key === 'toString' || key === 'valueOf')
        return refuse('is used as text or a number', 'step.text`…${ref}`')
      if (key === 'toJSON') return refuse('is serialized as JSON', fields)
      if (typeof key === 'symbol' || harmless.has(key)) return undefined
      return refuse(`is read at ${JSON.stringify(key)}`, `step.at(ref, ${JSON.stringify(pointerTo(key))})`)
    },
    has: (_target, key) => refuse(`is asked for ${JSON.stringify(String(key))}`, 'step.if or step.switch'),
    ownKeys: () => refuse('is spread or its keys are listed', fields),
    set: (_target, key) => refuse(`is written at ${JSON.stringify(String(key))}`, fields),
    defineProperty: (_target, key) => refuse(`is written at ${JSON.stringify(String(key))}`, fields),
    deleteProperty: (_target, key) => refuse(`loses ${JSON.stringify(String(key))}`, fields),
  }) as AnyRef
  states.set(ref, state)
  return ref
}

function pointerTo(key: string): string {
  return `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
}
