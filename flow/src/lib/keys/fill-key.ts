/** The key that a template makes of a validated input and of a file. */
import { utf8Length } from '@flowport/capabilities'
import { toPointer } from '../pointer.ts'
import { SchemaError } from '../schema.ts'
import type { FileFact, KeyPiece, KeyTemplate } from './key-template.ts'

/** Most UTF-8 bytes of one value in a key: what file systems take as a name. */
const maxValueBytes = 255

export interface KeyParts {
  /** The validated input. */
  readonly input: unknown
  readonly file: { readonly [Fact in FileFact]?: string | undefined }
  /** Where the input has the file, for errors. */
  readonly place: readonly (string | number)[]
}

/**
 * The key. Every value is at most one segment of it, or part of one: a value cannot lead to another folder.
 * @throws SchemaError that points at each value which cannot be part of a key.
 */
export function fillKey({ pieces }: KeyTemplate, parts: KeyParts): string {
  const issues: { readonly pointer: string; readonly message: string }[] = []
  const texts = pieces.map((piece) => {
    if (piece.kind === 'text') return piece.text
    const text = textOf(piece, parts)
    if (text !== null && isSegment(text)) return text
    const { place } = parts
    const pointer = toPointer(piece.kind === 'field' ? [piece.name] : place)
    const what = piece.kind === 'file' ? `the file's ${piece.fact}` : 'it'
    issues.push({ pointer, message: `${what} is part of a key: ${text === null ? kinds : rule}` })
    return ''
  })
  if (issues.length > 0) throw new SchemaError('the key of a file cannot be made', issues)
  return texts.join('')
}

const kinds = 'must be text, a finite number or a boolean'
const rule = `must have 1 to ${maxValueBytes} bytes, no "/", "\\" or control characters, and not be "." or ".."`

function textOf(piece: Exclude<KeyPiece, { kind: 'text' }>, { input, file }: KeyParts): string | null {
  if (piece.kind === 'file') return file[piece.fact] ?? null
  const { name } = piece
  if (typeof input !== 'object' || input === null || !Object.hasOwn(input, name)) return null
  const value = (input as Readonly<Record<string, unknown>>)[name]
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : null
  return typeof value === 'string' || typeof value === 'bigint' || typeof value === 'boolean'
    ? String(value)
    : null
}

function isSegment(text: string): boolean {
  if (text === '' || text === '.' || text === '..' || !text.isWellFormed()) return false
  return !/[/\\\p{Cc}]/u.test(text) && utf8Length(text) <= maxValueBytes
}
