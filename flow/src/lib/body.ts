/** How a request's body becomes part of a flow's input: JSON, one stored blob, many stored files, or a stream. */
import { countOrInfinityRule, countRule, type ResourceName } from '@flowport/capabilities'
import type { BlobRef } from './blob-ref.ts'
import { checkNumber } from './checked-number.ts'
import { type KeyTemplate, parseKeyTemplate, type TemplateInput } from './keys/key-template.ts'

const MiB = 1024 * 1024
const GiB = 1024 * MiB

/** A body handed on unread. Read it once; it is bounded by the binding's `maxBytes`. */
export interface ByteSource {
  readonly contentType: string | null
  /** Bytes, where the sender said. */
  readonly size: number | null
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>
}

/** A file of a multipart body, before it is stored. */
export interface FilePart {
  /** The form field it came in. */
  readonly field: string
  /** The name as the client sent it: `/`, `\` and `..` may be in it. Check it before it becomes part of a key. */
  readonly filename: string
  /** As the client sent it, parameters included; `application/octet-stream` for a part that names none. */
  readonly contentType: string
}

export type BodyBinding = JsonBody | BlobBody | MultipartBody | StreamBody

export interface JsonBody {
  readonly kind: 'json'
  readonly maxBytes: number
}

export interface BlobBody {
  readonly kind: 'blob'
  readonly field: string
  readonly store: ResourceName<'blob'>
  readonly key: ((input: never) => string) | KeyTemplate
  readonly maxBytes: number
  readonly isBoundDeclared: boolean
}

/** Makes the key of a file, before the file is read, of its part and of the path parameters as they came. */
type KeyOfPart = (part: FilePart, params: Readonly<Record<string, string>>) => string

export interface MultipartBody {
  readonly kind: 'multipart'
  readonly field: string
  readonly store: ResourceName<'blob'>
  readonly key: KeyOfPart | KeyTemplate
  readonly maxFiles: number
  readonly maxFileBytes: number
  readonly isBoundDeclared: boolean
  readonly maxFields: number
  readonly maxFieldBytes: number
}

export interface StreamBody {
  readonly kind: 'stream'
  readonly field: string
  readonly accept: readonly string[]
  readonly maxBytes: number
}

/** A binding that adds `Adds` to the input made from path and query of type `I`. */
export type BodyOf<I, Adds, N, B extends BodyBinding = BodyBinding> = B & {
  readonly '~types'?: { readonly input: (input: I) => void; readonly adds: Adds; readonly needs: N }
}

/** The default for methods with a body: a JSON object whose fields join path and query. */
export function jsonBody({
  maxBytes = MiB,
}: {
  /** Most bytes of the body, else 413. Default 1 MiB. */
  readonly maxBytes?: number
} = {}): BodyOf<unknown, unknown, unknown, JsonBody> {
  checkNumber('maxBytes', maxBytes, countRule(0))
  return { kind: 'json', maxBytes }
}

interface BlobBodyBounds {
  /** Default `'blob'`. */
  readonly store?: ResourceName<'blob'>
  /** Most bytes of the body, else 413 and nothing is stored. Default 5 GiB, or what the store takes if that is less. */
  readonly maxBytes?: number
}

export interface BlobBodyOptions<I> extends BlobBodyBounds {
  /** Where to store it, from the validated path and query. */
  readonly key: (input: I) => string
}

export interface BlobBodyTemplateOptions<K extends string> extends BlobBodyBounds {
  /**
   * Where to store it. `{name}` is a field of the validated path and query, `{file.sha256}` the SHA-256 of the content in 64
   * hexadecimal digits: `'uploads/{file.sha256}'`. A value is one path segment or part of one, else 422.
   */
  readonly key: K
}

type BlobBodyOf<F extends string, I> = BodyOf<
  I,
  { readonly [K in F]: BlobRef },
  { readonly blob: unknown },
  BlobBody
>

/** The raw body is stored as it arrives; `field` of the input is its `BlobRef`. */
export function blobBody<const F extends string, const K extends string>(
  field: F,
  options: BlobBodyTemplateOptions<K>,
): BlobBodyOf<F, TemplateInput<K>>
export function blobBody<const F extends string, I>(field: F, options: BlobBodyOptions<I>): BlobBodyOf<F, I>
export function blobBody(
  field: string,
  {
    key: given,
    store = 'blob',
    maxBytes: declared,
  }: BlobBodyOptions<never> | BlobBodyTemplateOptions<string>,
): BlobBody {
  const maxBytes = declared === undefined ? 5 * GiB : declared
  checkNumber('maxBytes', maxBytes, countOrInfinityRule(0))
  const key = typeof given === 'string' ? parseKeyTemplate(given, 'body') : given
  return { kind: 'blob', field, store, key, maxBytes, isBoundDeclared: declared !== undefined }
}

interface MultipartBounds {
  /** Default `'blob'`. */
  readonly store?: ResourceName<'blob'>
  /** Default 100. */
  readonly maxFiles?: number
  /** Most bytes of one file. Default 5 GiB, or what the store takes if that is less. */
  readonly maxFileBytes?: number
  /** Most form fields that are no files; they join the input. Default 100. */
  readonly maxFields?: number
  /** Most bytes of one such field. Default 64 KiB. */
  readonly maxFieldBytes?: number
}

export interface MultipartBodyOptions extends MultipartBounds {
  /** Where to store each file, from the part and the path parameters as they came. Called before the file is read. */
  readonly key: KeyOfPart
}

export interface MultipartTemplateOptions<K extends string> extends MultipartBounds {
  /**
   * Where to store each file. `{name}` is a field of the validated input: of the path, the query or the form, whatever the
   * order of its parts. `{file.sha256}` is the SHA-256 of the file's content in 64 hexadecimal digits, `{file.name}` its
   * filename, `{file.field}` the form field it came in: `'orders/{order}/{file.sha256}'`. A value is one path segment or part
   * of one, else 422.
   */
  readonly key: K
}

type MultipartBodyOf<F extends string, I> = BodyOf<
  I,
  { readonly [K in F]: readonly BlobRef[] },
  { readonly blob: unknown },
  MultipartBody
>

/**
 * Every file of a multipart form is stored as it arrives, all of them or none; `field` of the input lists their
 * `BlobRef`s in order. Other form fields join the input as text.
 */
export function multipartBody<const F extends string, const K extends string>(
  field: F,
  options: MultipartTemplateOptions<K>,
): MultipartBodyOf<F, TemplateInput<K>>
export function multipartBody<const F extends string>(
  field: F,
  options: MultipartBodyOptions,
): MultipartBodyOf<F, unknown>
export function multipartBody(
  field: string,
  {
    key: given,
    store = 'blob',
    maxFiles = 100,
    maxFileBytes: declared,
    maxFields = 100,
    maxFieldBytes = 64 * 1024,
  }: MultipartBodyOptions | MultipartTemplateOptions<string>,
): MultipartBody {
  const maxFileBytes = declared === undefined ? 5 * GiB : declared
  for (const [option, value] of Object.entries({ maxFiles, maxFileBytes, maxFields, maxFieldBytes }))
    checkNumber(option, value, option === 'maxFieldBytes' ? countRule(0) : countOrInfinityRule(0))
  const isBoundDeclared = declared !== undefined
  const bounds = { maxFiles, maxFileBytes, isBoundDeclared, maxFields, maxFieldBytes }
  const key = typeof given === 'string' ? parseKeyTemplate(given, 'file') : given
  return { kind: 'multipart', field, store, key, ...bounds }
}

/** The raw body reaches the flow as it arrives; `field` of the input is a `ByteSource`. */
export function streamBody<const F extends string>(
  field: F,
  {
    accept = ['*/*'],
    maxBytes = 5 * GiB,
  }: {
    /** Media types taken, else 415. Default all. */
    readonly accept?: readonly string[]
    /** Most bytes, else the stream fails with 413. Default 5 GiB. */
    readonly maxBytes?: number
  } = {},
): BodyOf<unknown, { readonly [K in F]: ByteSource }, unknown, StreamBody> {
  checkNumber('maxBytes', maxBytes, countOrInfinityRule(0))
  return { kind: 'stream', field, accept, maxBytes }
}
