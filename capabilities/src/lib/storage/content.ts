/** Content in the forms a storage takes and gives: text that is UTF-8, JSON that fits its schema, types by name. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { CapabilityError } from '../error.ts'
import { toJsonText } from '../json-text.ts'

/** The bytes as text; `Corrupt` when they are not UTF-8. */
export function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new CapabilityError('Corrupt', 'the content is not UTF-8; read it as bytes', { cause })
  }
}

/** The bytes as a JSON value, validated where a schema is given; `Corrupt` when they are another. */
export async function jsonOf(bytes: Uint8Array, schema: StandardSchemaV1 | undefined): Promise<unknown> {
  const text = textOf(bytes)
  let value: unknown
  try {
    value = JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text)
  } catch (cause) {
    throw new CapabilityError('Corrupt', 'the content is not JSON; read it as text or bytes', { cause })
  }
  if (schema === undefined) return value
  const result = await schema['~standard'].validate(value)
  if (result.issues === undefined) return result.value
  throw new CapabilityError('Corrupt', `the content does not fit the schema: ${result.issues[0]?.message}`, {
    details: { issues: result.issues.map(({ message, path = [] }) => ({ message, path: path.map(keyOf) })) },
  })
}

/** What to store, and the type it has where neither caller nor name tells. */
export function bodyOf(content: unknown): {
  readonly body: string | Uint8Array | Blob
  readonly type?: string
} {
  if (typeof content === 'string' || content instanceof Uint8Array || content instanceof Blob)
    return { body: content }
  if (content instanceof ReadableStream || content instanceof ArrayBuffer || ArrayBuffer.isView(content))
    throw new CapabilityError(
      'InvalidInput',
      'write takes text, a Uint8Array, a Blob or JSON; writeStream takes a stream',
    )
  if (typeof content !== 'object' || content === null)
    throw new CapabilityError(
      'InvalidInput',
      'write takes text, a Uint8Array, a Blob, or an object or array as JSON',
    )
  return {
    body: toJsonText(content, 'content', { capability: 'storage', operation: 'write' }),
    type: 'application/json',
  }
}

/** The type a name's extension stands for, or `undefined`. */
export function typeOfName(name: string): string | undefined {
  const extension = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ''
  return Object.hasOwn(types, extension) ? types[extension] : undefined
}

const types: Readonly<Record<string, string>> = {
  txt: 'text/plain; charset=utf-8',
  md: 'text/markdown; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  tsv: 'text/tab-separated-values; charset=utf-8',
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  jsonl: 'application/x-ndjson',
  xml: 'application/xml',
  yaml: 'application/yaml',
  yml: 'application/yaml',
  pdf: 'application/pdf',
  parquet: 'application/vnd.apache.parquet',
  arrow: 'application/vnd.apache.arrow.file',
  wasm: 'application/wasm',
  zip: 'application/zip',
  gz: 'application/gzip',
  zst: 'application/zstd',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  svg: 'image/svg+xml',
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
}

function keyOf(part: PropertyKey | { readonly key: PropertyKey }): string {
  return String(typeof part === 'object' ? part.key : part)
}

// A byte order mark belongs to the text, as in a blob.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
