/** Templates in the texts of a flow file: `{{ state.x.rows.0.name }}` and `{{ input.y }}`. Paths only; nothing is computed. */
import { toPointer } from '../pointer.ts'
import type { Located } from './source.ts'

/** What a param is made of. Names are those of the file. */
export type FileTemplate =
  | { readonly kind: 'value'; readonly value: unknown }
  | Reference
  | { readonly kind: 'text'; readonly parts: readonly (string | Reference)[] }
  | { readonly kind: 'list'; readonly items: readonly FileTemplate[] }
  | { readonly kind: 'record'; readonly fields: ReadonlyMap<string, FileTemplate> }

export interface Reference {
  readonly kind: 'reference'
  readonly of: 'state' | 'input'
  /** Of the state or the input; `null` for the whole input. */
  readonly name: string | null
  /** Into that value. */
  readonly pointer: string
  readonly at: number
}

export type OnMalformed = (at: number, message: string) => void

/** The template of a value of the file, whatever it is made of. */
export function templateOf(value: Located, malformed: OnMalformed): FileTemplate {
  if (value.kind === 'list')
    return { kind: 'list', items: value.items.map((item) => templateOf(item, malformed)) }
  if (value.kind === 'map') {
    const fields = [...value.entries].map(
      ([name, entry]) => [name, templateOf(entry.value, malformed)] as const,
    )
    return { kind: 'record', fields: new Map(fields) }
  }
  return typeof value.value === 'string'
    ? textTemplate(value.value, value.at, malformed)
    : { kind: 'value', value: value.value }
}

/** A text that is exactly one template stands for its value; templates within text become text. `{{{{` is `{{`. */
export function textTemplate(text: string, at: number, malformed: OnMalformed): FileTemplate {
  const parts: (string | Reference)[] = []
  let literal = ''
  for (let from = 0; from < text.length; ) {
    const open = text.indexOf('{{', from)
    if (open < 0) {
      literal += text.slice(from)
      break
    }
    literal += text.slice(from, open)
    if (text.startsWith('{{{{', open)) {
      literal += '{{'
      from = open + 4
      continue
    }
    const close = text.indexOf('}}', open)
    if (close < 0) {
      malformed(at, `"${shorten(text.slice(open))}" is not closed by "}}"`)
      return { kind: 'value', value: text }
    }
    const reference = parsePath(text.slice(open + 2, close).trim(), at, malformed)
    if (reference === null) return { kind: 'value', value: text }
    if (literal !== '') parts.push(literal)
    literal = ''
    parts.push(reference)
    from = close + 2
  }
  if (literal !== '') parts.push(literal)
  const [first] = parts
  if (parts.every((part) => typeof part === 'string')) return { kind: 'value', value: parts.join('') }
  return parts.length === 1 && first !== undefined && typeof first !== 'string'
    ? first
    : { kind: 'text', parts }
}

/** Every reference in a template. */
export function referencesIn(template: FileTemplate): readonly Reference[] {
  switch (template.kind) {
    case 'value':
      return []
    case 'reference':
      return [template]
    case 'text':
      return template.parts.filter((part) => typeof part !== 'string')
    case 'list':
      return template.items.flatMap(referencesIn)
    case 'record':
      return [...template.fields.values()].flatMap(referencesIn)
  }
}

function parsePath(path: string, at: number, malformed: OnMalformed): Reference | null {
  const [of, name, ...rest] = path.split('.')
  const segments = name === undefined ? [] : [name, ...rest]
  const isPath = segments.every((segment) => /^[\w-]+$/.test(segment) && segment !== '__proto__')
  if ((of !== 'state' && of !== 'input') || !isPath || (of === 'state' && name === undefined)) {
    malformed(at, `"{{ ${shorten(path)} }}" is no path: nothing is computed in templates`)
    return null
  }
  return { kind: 'reference', of, name: name ?? null, pointer: toPointer(rest), at }
}

function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`
}
