/** The parts of a multipart form as the bridge reads them, parsed while they arrive and no faster than they are read. */
import {
  fieldTooLong,
  type HttpPart,
  malformedForm,
  type PartLimits,
  tooManyParts,
  truncated,
} from '@flowport/flow/http'
import { decodeField, make, type MultipartError, type PartInfo, type Parser } from 'multipasta'
import { chunksOf } from './chunks.ts'

/** Parts in order. A form that is cut off, or goes over a limit, is an `HttpProblem`. */
export async function* multipartParts(
  { headers, body }: Request,
  limits: PartLimits,
): AsyncGenerator<HttpPart, void, void> {
  if (body === null) throw truncated()
  const form = new Form(chunksOf(body), headers.get('content-type') ?? '', limits)
  try {
    for (;;) {
      const part = await form.next()
      if (part === null) return
      if (part.kind === 'field') {
        yield { kind: 'field', name: part.info.name, value: part.value }
        continue
      }
      const { filename = '', name, contentType } = part.info
      yield { kind: 'file', field: name, filename, contentType, stream: part.stream }
      await part.readRest()
    }
  } finally {
    await form.close()
  }
}

type Parsed = { readonly kind: 'field'; readonly info: PartInfo; readonly value: string } | FilePart

interface FilePart {
  readonly kind: 'file'
  readonly info: PartInfo
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>
  /** Skips what nobody read, so that the next part can come. */
  readRest(): Promise<void>
}

/** Feeds the parser chunk by chunk, whenever somebody needs more than has been parsed. */
class Form {
  readonly #chunks: AsyncGenerator<Uint8Array<ArrayBuffer>, void, void>
  readonly #parser: Parser
  readonly #parts: Parsed[] = []
  #failure: Error | undefined
  #done = false
  #files = 0
  #fields = 0

  constructor(
    chunks: AsyncGenerator<Uint8Array<ArrayBuffer>, void, void>,
    contentType: string,
    limits: PartLimits,
  ) {
    this.#chunks = chunks
    this.#parser = make({
      headers: { 'content-type': contentType },
      isFile: ({ filename }) => filename !== undefined,
      // A file that is too long is refused by the blob store, which counts what it stores.
      maxFieldSize: limits.maxFieldBytes,
      onField: (info, value) => {
        this.#fields += 1
        if (this.#fields > limits.maxFields) this.#fail(tooManyParts('fields'))
        this.#parts.push({ kind: 'field', info, value: decodeField(info, value) })
      },
      onFile: (info) => {
        this.#files += 1
        if (this.#files > limits.maxFiles) this.#fail(tooManyParts('files'))
        const file = new OpenFile(info, () => this.#feed())
        this.#parts.push(file)
        return (chunk) => file.arrived(chunk as Uint8Array<ArrayBuffer> | null)
      },
      onError: (error) => this.#fail(problemOf(error, limits)),
      onDone: () => {
        this.#done = true
      },
    })
  }

  /** The next part, or `null` at the end of the form. */
  async next(): Promise<Parsed | null> {
    for (;;) {
      this.#check()
      const part = this.#parts.shift()
      if (part !== undefined) return part
      if (!(await this.#feed())) return null
    }
  }

  async close(): Promise<void> {
    await this.#chunks.return()
  }

  /** Parses one more chunk. `false` when the form has ended; what is wrong with it is thrown. */
  async #feed(): Promise<boolean> {
    this.#check()
    if (this.#done) return false
    const { done, value } = await this.#chunks.next()
    try {
      if (done === true) this.#parser.end()
      else this.#parser.write(value)
    } catch {
      // The parser throws on an encoded file name that cannot be decoded.
      this.#fail(malformedForm())
    }
    this.#check()
    if (done === true && !this.#done) throw truncated()
    return true
  }

  /** Throws what is wrong with the form, once that is known. */
  #check(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  #fail(error: Error): void {
    this.#failure ??= error
  }
}

/** A file while it arrives: what has been parsed waits here until it is read. */
class OpenFile implements FilePart {
  readonly kind = 'file'
  readonly info: PartInfo
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>
  readonly #feed: () => Promise<boolean>
  #waiting: Uint8Array<ArrayBuffer>[] = []
  #ended = false

  constructor(info: PartInfo, feed: () => Promise<boolean>) {
    this.info = info
    this.#feed = feed
    this.stream = new ReadableStream(
      {
        pull: async (controller) => {
          const chunk = await this.#next()
          if (chunk === null) controller.close()
          else controller.enqueue(chunk)
        },
      },
      { highWaterMark: 0 },
    )
  }

  arrived(chunk: Uint8Array<ArrayBuffer> | null): void {
    if (chunk === null) this.#ended = true
    // The parser may hand out views of the chunk it was given.
    else if (chunk.byteLength > 0) this.#waiting.push(chunk)
  }

  async readRest(): Promise<void> {
    while ((await this.#next()) !== null);
  }

  async #next(): Promise<Uint8Array<ArrayBuffer> | null> {
    for (;;) {
      const chunk = this.#waiting.shift()
      if (chunk !== undefined) return chunk
      if (this.#ended) return null
      if (!(await this.#feed())) throw truncated()
    }
  }
}

function problemOf(error: MultipartError, { maxFieldBytes }: PartLimits): Error {
  // oxlint-disable-next-line no-underscore-dangle -- the parser's own name
  switch (error._tag) {
    case 'EndNotReached':
      return truncated()
    case 'ReachedLimit':
      return error.limit === 'MaxFieldSize' ? fieldTooLong(maxFieldBytes) : tooManyParts('parts')
    case 'InvalidBoundary':
    case 'BadHeaders':
    case 'InvalidDisposition':
      return malformedForm()
  }
}
