/** One multipart form of the table: the bytes that are sent, and the one outcome that every host must give. */

export interface FormCase {
  readonly name: string
  readonly contentType: string
  readonly body: Uint8Array<ArrayBuffer>
  readonly outcome: FormOutcome
}

export type FormOutcome =
  | { readonly status: 201; readonly fields: Fields; readonly files: readonly FormFile[] }
  | { readonly status: 400 | 413 | 415; readonly code: string }

export type Fields = Readonly<Record<string, string>>

export interface FormFile {
  readonly field: string
  readonly name: string
  readonly type: string
  /** The bytes of the file, as the characters U+0000 to U+00FF. */
  readonly content: string
}

/** Most of each kind that the table's route takes. Bytes for the last two. */
export const formLimits = { maxFiles: 3, maxFields: 4, maxFieldBytes: 100, maxFileBytes: 1000 } as const

/** Text is sent as UTF-8, numbers as bytes. */
export type Piece = string | readonly number[]

/** A case whose boundary is `B`, unless the content type says otherwise. */
export function formCase(
  name: string,
  body: Piece | readonly Piece[],
  outcome: FormOutcome,
  contentType = 'multipart/form-data; boundary=B',
): FormCase {
  const pieces = (typeof body === 'string' ? [body] : body) as readonly Piece[]
  const encoder = new TextEncoder()
  const bytes = pieces.flatMap((piece) => (typeof piece === 'string' ? [...encoder.encode(piece)] : piece))
  return { name, contentType, body: Uint8Array.from(bytes), outcome }
}

/** A part of the form: its disposition, its content and its other header lines. */
export function part(disposition: string, content = 'x', ...headers: readonly string[]): string {
  const lines = [`Content-Disposition: ${disposition}`, ...headers]
  return `--B\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n${content}\r\n`
}

/** A field of the form. */
export function field(name: string, content: string, ...headers: readonly string[]): string {
  return part(`form-data; name="${name}"`, content, ...headers)
}

/** A file of the form, in the field `f`. */
export function file(filename: string, content = 'x', ...headers: readonly string[]): string {
  return part(`form-data; name="f"; filename="${filename}"`, content, ...headers)
}

/** The closing delimiter. */
export const end = '--B--\r\n'

/** The form is taken, with these fields and files. */
export function taken(fields: Fields, ...files: readonly FormFile[]): FormOutcome {
  return { status: 201, fields, files }
}

/** A file as the flow gets it. */
export function received(
  name: string,
  content = 'x',
  type = 'application/octet-stream',
  field = 'f',
): FormFile {
  return { field, name, type, content }
}

export const malformed: FormOutcome = { status: 400, code: 'MALFORMED_MULTIPART' }
export const cutOff: FormOutcome = { status: 400, code: 'TRUNCATED_BODY' }
