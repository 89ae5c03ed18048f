/** An input put together from constants, values of other steps and places inside them: plain data, no code. */
import { CapabilityError } from '@flowport/capabilities'
import { compilePointer, toPointer } from '../pointer.ts'

export type Template =
  | { readonly kind: 'value'; readonly value: unknown }
  | FromSlot
  | { readonly kind: 'text'; readonly parts: readonly (string | FromSlot)[] }
  | { readonly kind: 'list'; readonly items: readonly Template[] }
  | { readonly kind: 'record'; readonly fields: readonly (readonly [string, Template])[] }

/** A value of another step, or what a JSON Pointer finds inside it. */
export interface FromSlot {
  readonly kind: 'from'
  readonly slot: number
  readonly pointer: string
}

/** The slots a template reads, in the order they are named, each once. */
export function slotsIn(template: Template): readonly number[] {
  return [...new Set(readsOf(template).map(({ slot }) => slot))]
}

/** Where in the value made of a template something of `slot` arrives, as JSON Pointers. */
export function placesOf(template: Template, slot: number): readonly string[] {
  return [...new Set(readsOf(template).flatMap((read) => (read.slot === slot ? [read.place] : [])))]
}

/** The same template over other slots. */
export function withSlots(template: Template, swap: (slot: number) => number): Template {
  const from = (read: FromSlot): FromSlot => ({ ...read, slot: swap(read.slot) })
  switch (template.kind) {
    case 'value':
      return template
    case 'from':
      return from(template)
    case 'text':
      return {
        kind: 'text',
        parts: template.parts.map((part) => (typeof part === 'string' ? part : from(part))),
      }
    case 'list':
      return { kind: 'list', items: template.items.map((item) => withSlots(item, swap)) }
    case 'record':
      return {
        kind: 'record',
        fields: template.fields.map(([name, field]) => [name, withSlots(field, swap)]),
      }
  }
}

/** A function that makes the value out of a run's values. `nameOf` names slots in errors. */
export function compileTemplate(
  template: Template,
  nameOf: (slot: number) => string,
): (values: readonly unknown[]) => unknown {
  switch (template.kind) {
    case 'value': {
      const { value } = template
      return () => value
    }
    case 'from':
      return compileRead(template)
    case 'text': {
      const parts = template.parts.map((part) => {
        if (typeof part === 'string') return () => part
        const read = compileRead(part)
        return (values: readonly unknown[]) => textOf(read(values), part, nameOf)
      })
      return (values) => parts.map((part) => part(values)).join('')
    }
    case 'list': {
      const items = template.items.map((item) => compileTemplate(item, nameOf))
      return (values) => items.map((item) => item(values))
    }
    case 'record': {
      const fields = template.fields.map(([name, field]) => [name, compileTemplate(field, nameOf)] as const)
      // A value that is not there leaves its field out.
      return (values) =>
        Object.fromEntries(
          fields
            .map(([name, field]) => [name, field(values)] as const)
            .filter(([, value]) => value !== undefined),
        )
    }
  }
}

/**
 * The template as JSON, for Flow IR: constants as they are, `{ $from, at }` for a value of another node, `{ $text }` for
 * text with such values in it, `{ $value }` around a constant that looks like one of these.
 */
export function templateIr(template: Template, aliasOf: (slot: number) => string): unknown {
  const from = ({ slot, pointer }: FromSlot) => ({ $from: aliasOf(slot), at: pointer })
  switch (template.kind) {
    case 'value':
      return looksMarked(template.value) ? { $value: template.value } : template.value
    case 'from':
      return from(template)
    case 'text':
      return { $text: template.parts.map((part) => (typeof part === 'string' ? part : from(part))) }
    case 'list':
      return template.items.map((item) => templateIr(item, aliasOf))
    case 'record':
      return Object.fromEntries(template.fields.map(([name, field]) => [name, templateIr(field, aliasOf)]))
  }
}

interface Read extends FromSlot {
  readonly place: string
}

function readsOf(template: Template, at: readonly PropertyKey[] = []): readonly Read[] {
  const place = toPointer(at)
  switch (template.kind) {
    case 'value':
      return []
    case 'from':
      return [{ ...template, place }]
    case 'text':
      return template.parts.flatMap((part) => (typeof part === 'string' ? [] : [{ ...part, place }]))
    case 'list':
      return template.items.flatMap((item, position) => readsOf(item, [...at, position]))
    case 'record':
      return template.fields.flatMap(([name, field]) => readsOf(field, [...at, name]))
  }
}

function compileRead({ slot, pointer }: FromSlot): (values: readonly unknown[]) => unknown {
  const read = compilePointer(pointer)
  return (values) => read(values[slot])
}

/** Only what has one obvious spelling becomes text: a missing value or an object in a URI is a fault, not `undefined`. */
function textOf(value: unknown, { slot, pointer }: FromSlot, nameOf: (slot: number) => string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value)
  const what =
    value === undefined || value === null ? 'nothing' : Array.isArray(value) ? 'a list' : 'an object'
  throw new CapabilityError(
    'InvalidInput',
    `"${nameOf(slot)}"${pointer === '' ? '' : ` has at ${pointer}`} ${pointer === '' ? 'is ' : ''}${what}, and only texts, numbers and booleans can stand inside a text`,
  )
}

function looksMarked(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).some((key) => key.startsWith('$'))
}
