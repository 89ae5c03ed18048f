/** Templates of blob keys, such as `orders/{order}/{file.sha256}`: their types, and how they are read. */
import { checkBlobKey } from '@flowport/capabilities'

/** What a field must be to be part of a key. */
export type KeyValue = string | number | bigint | boolean

/** The fields of the input that a template needs; `unknown` for a template that needs none or is not a literal. */
export type TemplateInput<K extends string> = [FieldNames<K>] extends [never]
  ? unknown
  : { readonly [Name in FieldNames<K>]: KeyValue }

type FieldNames<K extends string> = K extends `${string}{${infer Name}}${infer Rest}`
  ? (Name extends `file.${string}` ? never : Name) | FieldNames<Rest>
  : never

/** What a template may say about a file of a form. */
const factsOfFile = ['sha256', 'name', 'field'] as const
/** A raw body has neither a name nor a field. */
const factsOfBody = ['sha256'] as const
export type FileFact = (typeof factsOfFile)[number]

export type KeyPiece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'file'; readonly fact: FileFact }

export interface KeyTemplate {
  readonly text: string
  readonly pieces: readonly KeyPiece[]
  /** Whether the key holds the digest of the content, so that two objects under one key have the same content. */
  readonly isByContent: boolean
}

/** Reads a template. @throws TypeError that says what is wrong with it. */
export function parseKeyTemplate(text: string, of: 'file' | 'body'): KeyTemplate {
  const facts: readonly FileFact[] = of === 'file' ? factsOfFile : factsOfBody
  const pieces: KeyPiece[] = text.split(/(\{[^{}]*\})/).flatMap((part) => pieceOf(part, text, facts))
  checkPieces(text, pieces)
  const isByContent = pieces.some((piece) => piece.kind === 'file' && piece.fact === 'sha256')
  return { text, pieces, isByContent }
}

/** Names of the input's fields that the template needs. */
export function fieldsOfTemplate({ pieces }: KeyTemplate): readonly string[] {
  return [...new Set(pieces.flatMap((piece) => (piece.kind === 'field' ? [piece.name] : [])))]
}

function pieceOf(part: string, text: string, facts: readonly FileFact[]): readonly KeyPiece[] {
  if (part === '') return []
  if (!part.startsWith('{') || !part.endsWith('}')) {
    if (/[{}]/.test(part)) throw wrong(text, 'it has a brace without its other half')
    return [{ kind: 'text', text: part }]
  }
  const name = part.slice(1, -1)
  if (name === '') throw wrong(text, '{} names no field')
  if (!name.startsWith('file.')) return [{ kind: 'field', name }]
  const fact = facts.find((one) => name === `file.${one}`)
  if (fact === undefined)
    throw wrong(text, `${part} is not known here; use ${facts.map((one) => `{file.${one}}`).join(', ')}`)
  return [{ kind: 'file', fact }]
}

function checkPieces(text: string, pieces: readonly KeyPiece[]): void {
  if (pieces.some((piece, at) => piece.kind !== 'text' && (pieces[at + 1]?.kind ?? 'text') !== 'text'))
    throw wrong(text, 'two values follow each other; put "/" between them')
  if (text.startsWith('.flowport/')) throw wrong(text, 'keys that start with .flowport/ are reserved')
  const sample = pieces.map((piece) => (piece.kind === 'text' ? piece.text : 'x')).join('')
  try {
    checkBlobKey(sample, Number.POSITIVE_INFINITY, 'blob', 'put')
  } catch (cause) {
    throw wrong(text, 'it is not a path of segments with "/" between them', cause)
  }
}

function wrong(text: string, what: string, cause?: unknown): TypeError {
  return new TypeError(`the key template ${JSON.stringify(text)} is wrong: ${what}`, { cause })
}
