/** A body of text, decoded strictly as it arrives: for flows that read CSV, NDJSON or other text from a `streamBody`. */
import type { ByteSource } from '../body.ts'
import { invalidUtf8 } from './refusals.ts'
import { checkCharset } from './text.ts'

/**
 * The text of a `ByteSource`, without a byte order mark. The stream fails with a 400 at bytes that are not UTF-8; reading
 * it ends the source too. @throws HttpProblem 415 when the content type declares another encoding than UTF-8.
 */
export function textStream({
  contentType,
  stream,
}: Pick<ByteSource, 'contentType' | 'stream'>): ReadableStream<string> {
  checkCharset(contentType)
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const decode = (
    controller: TransformStreamDefaultController<string>,
    chunk: Uint8Array<ArrayBuffer> | undefined,
  ) => {
    let text: string
    try {
      text = chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true })
    } catch {
      throw invalidUtf8()
    }
    if (text !== '') controller.enqueue(text)
  }
  return stream.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, string>({
      transform: (chunk, controller) => decode(controller, chunk),
      flush: (controller) => decode(controller, undefined),
    }),
  )
}
