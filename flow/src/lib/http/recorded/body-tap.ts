/** Digests a streamed request body while the flow or its store reads it, and one that comes again without storing it. */
import type { BodyBinding, MultipartBody } from '../../body.ts'
import type { Digest } from '../../runtime/run-view.ts'
import type { HttpCall } from '../call.ts'
import { boundaryOf } from '../forms/boundary.ts'
import type { FormPart } from '../forms/form-part.ts'
import { readForm } from '../forms/read-form.ts'
import { tooLarge } from '../refusals.ts'
import { RunningDigest } from './running-digest.ts'

type Bytes = ReadableStream<Uint8Array<ArrayBuffer>>

/** What a reader of a streamed body reads it through. */
export interface BodyTap {
  bytes(body: Bytes): Bytes
  parts(parts: AsyncIterable<FormPart>): AsyncIterable<FormPart>
}

/**
 * A form counts by its parts, in order: names, filenames, types and contents. Its boundary does not count: clients draw a new
 * one for each request.
 */
export class DigestingTap implements BodyTap {
  readonly #digest: RunningDigest
  #isWhole = false

  constructor(digest: Digest) {
    this.#digest = new RunningDigest(digest)
  }

  /** Whether the body has been read to its end. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  /** The digest of the body; `null` when it has not been read to its end. */
  end(): Promise<string | null> {
    return this.#isWhole ? this.#digest.end() : Promise.resolve(null)
  }

  bytes(body: Bytes): Bytes {
    return passing(body, this.#digest, () => {
      this.#isWhole = true
    })
  }

  async *parts(parts: AsyncIterable<FormPart>): AsyncIterable<FormPart> {
    for await (const part of parts) {
      if (part.kind === 'field') {
        await this.#digest.addText(`${JSON.stringify(['field', part.name, part.value])}\n`)
        yield part
        continue
      }
      const { field, filename, contentType } = part
      await this.#digest.addText(`${JSON.stringify(['file', field, filename, contentType])}\n`)
      let bytes = 0
      const counted = (chunk: Uint8Array) => {
        bytes += chunk.byteLength
      }
      yield { ...part, stream: passing(part.stream, this.#digest, undefined, counted) }
      // The length ends the content: without it, content could pass for the part that follows.
      await this.#digest.addText(`\n${bytes}\n`)
    }
    this.#isWhole = true
  }
}

/** The digest of a body that is read for nothing else. @throws CapabilityError 413 for a body over the route's bound. */
export async function digestOfBody(
  body: BodyBinding,
  call: HttpCall,
  digest: Digest,
): Promise<string | null> {
  const tap = new DigestingTap(digest)
  if (body.kind === 'multipart') await readParts(tap, body, call)
  else await readAll(tap.bytes(call.body.stream()), body.maxBytes)
  return tap.end()
}

async function readParts(tap: DigestingTap, body: MultipartBody, call: HttpCall): Promise<void> {
  const form = readForm(call.body.stream(), boundaryOf(call.header('content-type')), body)
  for await (const part of tap.parts(form))
    if (part.kind === 'file') await readAll(part.stream, body.maxFileBytes)
}

async function readAll(stream: Bytes, maxBytes: number): Promise<void> {
  const reader = stream.getReader()
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    bytes += value.byteLength
    if (bytes <= maxBytes) continue
    await reader.cancel()
    throw tooLarge(maxBytes)
  }
}

function passing(
  body: Bytes,
  digest: RunningDigest,
  ended: () => void = () => undefined,
  passed: (chunk: Uint8Array) => void = () => undefined,
): Bytes {
  const reader = body.getReader()
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await reader.read()
        if (done) {
          ended()
          return controller.close()
        }
        await digest.add(value)
        passed(value)
        controller.enqueue(value)
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}
