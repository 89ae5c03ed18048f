/** Reads a multipart form part by part while it arrives, by the rules of `docs/guides/http.md`, alike on every host. */
import { fieldTooLong, malformedForm, tooManyParts } from '../refusals.ts'
import { fieldText } from './field-text.ts'
import { FormBytes, joined } from './form-bytes.ts'
import type { FormLimits, FormPart } from './form-part.ts'
import { maxHeadBytes, readPartHead } from './part-head.ts'

/** Most bytes before the first boundary, after a boundary on its line, and read after the closing delimiter. */
const maxPaddingBytes = maxHeadBytes

/**
 * Parts in order, no faster than they are read. A form that is cut off is a `TRUNCATED_BODY`, what breaks a rule a
 * `MALFORMED_MULTIPART`. What follows the closing delimiter is ignored.
 */
export async function* readForm(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  boundary: string,
  { maxFiles, maxFields, maxFieldBytes }: FormLimits,
): AsyncGenerator<FormPart, void, void> {
  const bytes = new FormBytes(body, boundary)
  let files = 0
  let fields = 0
  try {
    await skipPreamble(bytes)
    for (let number = 1; await bytes.opensPart(maxPaddingBytes); number++) {
      const head = await readPartHead(bytes, number)
      bytes.startContent()
      const { name, filename } = head
      if (filename === null) {
        if (++fields > maxFields) throw tooManyParts('fields')
        yield { kind: 'field', name, value: fieldText(await wholeContent(bytes, maxFieldBytes), head) }
        continue
      }
      if (++files > maxFiles) throw tooManyParts('files')
      const first = await bytes.content()
      // How browsers send a file input in which no file was chosen.
      if (first === null && filename === '') continue
      const file = new FileContent(bytes, first)
      const contentType = head.contentType ?? 'application/octet-stream'
      yield { kind: 'file', field: name, filename, contentType, stream: file.stream }
      await file.skipRest()
    }
    await bytes.skipRest(maxPaddingBytes)
  } finally {
    bytes.close()
  }
}

async function skipPreamble(bytes: FormBytes): Promise<void> {
  let skipped = 0
  for (let piece = await bytes.content(); piece !== null; piece = await bytes.content()) {
    skipped += piece.length
    if (skipped > maxPaddingBytes)
      throw malformedForm(`its first ${maxPaddingBytes} bytes have no line that starts with the boundary`)
  }
}

async function wholeContent(bytes: FormBytes, maxBytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let length = 0
  for (let piece = await bytes.content(); piece !== null; piece = await bytes.content()) {
    length += piece.length
    if (length > maxBytes) throw fieldTooLong(maxBytes)
    pieces.push(piece)
  }
  return joined(pieces, length)
}

/** A file's content as a stream that reads on only when its own reader does. */
class FileContent {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>
  readonly #bytes: FormBytes
  #first: Uint8Array<ArrayBuffer> | null
  #isOver: boolean

  constructor(bytes: FormBytes, first: Uint8Array<ArrayBuffer> | null) {
    this.#bytes = bytes
    this.#first = first
    this.#isOver = first === null
    this.stream = new ReadableStream(
      {
        pull: async (controller) => {
          const piece = await this.#next()
          if (piece === null) controller.close()
          else controller.enqueue(piece)
        },
      },
      { highWaterMark: 0 },
    )
  }

  /** After this the next part can be read; the stream has ended. */
  async skipRest(): Promise<void> {
    while ((await this.#next()) !== null);
  }

  async #next(): Promise<Uint8Array<ArrayBuffer> | null> {
    if (this.#isOver) return null
    const piece = this.#first ?? (await this.#bytes.content())
    this.#first = null
    this.#isOver = piece === null
    return piece
  }
}
