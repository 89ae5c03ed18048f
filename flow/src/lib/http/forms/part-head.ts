/** The headers of one part of a form: its name, whether it is a file, and its type. */
import { contentTypeTooLong, malformedForm } from '../refusals.ts'
import type { FormBytes } from './form-bytes.ts'
import { type ParameterizedValue, readParameters } from './parameters.ts'
import { maxContentTypeBytes } from '../content-type.ts'

export const maxHeadBytes = 16 * 1024
export const maxHeaders = 100

export interface PartHead {
  readonly name: string
  /** `null` for a field. */
  readonly filename: string | null
  readonly contentType: string | null
  /** The charset that the part declares for its text, in lower case. */
  readonly charset: string | null
}

/** Reads the headers of part `number`, counted from 1. What is missing or malformed is a 400 that names the part. */
export async function readPartHead(bytes: FormBytes, number: number): Promise<PartHead> {
  const refuse = (reason: string) => malformedForm(`part ${number} ${reason}`)
  const headers = await readHeaders(bytes, refuse)
  const disposition = dispositionOf(headers.get('content-disposition'), refuse)
  const name = disposition.parameters.get('name')
  if (name === undefined) throw refuse('has no name in its Content-Disposition')
  const encoding = headers.get('content-transfer-encoding')?.toLowerCase() ?? 'binary'
  if (!['binary', '8bit', '7bit'].includes(encoding))
    throw refuse('has a Content-Transfer-Encoding: send its bytes as they are')
  const contentType = headers.get('content-type') || null
  if (contentType !== null && !/^[\x20-\x7e]*$/.test(contentType))
    throw refuse('has a Content-Type that is not printable ASCII')
  if (contentType !== null && contentType.length > maxContentTypeBytes)
    throw contentTypeTooLong(`Content-Type of part ${number} of the form`)
  const filename = disposition.parameters.get('filename')
  return {
    name: decoded(name),
    filename: filename === undefined ? null : decoded(filename),
    contentType,
    charset: charsetOf(contentType),
  }
}

type Refuse = (reason: string) => Error

async function readHeaders(bytes: FormBytes, refuse: Refuse): Promise<ReadonlyMap<string, string>> {
  const headers = new Map<string, string>()
  let room = maxHeadBytes
  for (let count = 0; ; count++) {
    const line = await bytes.line(room)
    if (line === null)
      throw refuse(
        `has a header line that does not end in CRLF, or more than ${maxHeadBytes} bytes of headers`,
      )
    if (line.length === 0) return headers
    if (count === maxHeaders) throw refuse(`has more than ${maxHeaders} headers`)
    room -= line.length
    const [name, value] = headerOf(line, refuse)
    if (headers.has(name) && name.startsWith('content-')) throw refuse(`gives the header ${name} twice`)
    headers.set(name, value)
  }
}

function headerOf(line: Uint8Array, refuse: Refuse): readonly [name: string, value: string] {
  const text = utf8(line)
  if (text === null) throw refuse('has a header that is not UTF-8')
  const colon = text.indexOf(':')
  const name = text.slice(0, Math.max(colon, 0))
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) throw refuse('has a header line without a valid header name')
  const value = text.slice(colon + 1).trim()
  if (/\p{Cc}/u.test(value.replaceAll('\t', ' '))) throw refuse('has a header with a control character')
  return [name.toLowerCase(), value]
}

function dispositionOf(text: string | undefined, refuse: Refuse): ParameterizedValue {
  if (text === undefined) throw refuse('has no Content-Disposition')
  const disposition = readParameters(text)
  if (disposition === null)
    throw refuse('has a Content-Disposition that cannot be read, or gives a parameter twice')
  if (disposition.value !== 'form-data') throw refuse('has a Content-Disposition other than form-data')
  return disposition
}

/** Browsers encode these three characters of names, and no other. https://html.spec.whatwg.org/#multipart-form-data */
const encoded: Readonly<Record<string, string>> = { '%0A': '\n', '%0D': '\r', '%22': '"' }

function decoded(name: string): string {
  return name.replaceAll(/%(?:0A|0D|22)/g, (code) => encoded[code] ?? code)
}

function charsetOf(contentType: string | null): string | null {
  const charset = contentType === null ? undefined : readParameters(contentType)?.parameters.get('charset')
  return charset?.toLowerCase() ?? null
}

function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}
