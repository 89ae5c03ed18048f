/** Reads a request's body into memory, within the route's limit and the server's limits. */
import { tooLarge, truncated } from '@flowport/flow/http'
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { Blocks } from './blocks.ts'
import type { RequestBodies } from './request-bodies.ts'

/**
 * Returns the whole body. `source` is the stream to read: the request, or the stream with which a `preParsing` hook of the
 * server replaced it. Reads nothing before the call.
 */
export function collect(
  raw: IncomingMessage,
  source: Readable,
  maxBytes: number,
  bodies: RequestBodies,
): Promise<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer> {
  const announced = announcedLength(raw)
  if (announced !== null && announced > maxBytes) throw tooLarge(maxBytes)
  if (announced === 0 || (announced === null && raw.headers['transfer-encoding'] === undefined)) return empty
  if (source.readableEnded)
    throw new Error(
      'the request body was read before the flow: leave it to Flowport, or read it in a hook of the flow',
    )
  if (source.destroyed) throw truncated()

  return new Promise((resolve, reject) => {
    const kept = new Blocks()
    let isOver = false
    const entry = bodies.begin({ raw, kind: 'json', held: 0, refuse: fail })

    const take = (chunk: Uint8Array<ArrayBuffer>) => {
      if (isOver) return
      if (kept.bytes + chunk.length > maxBytes) return fail(tooLarge(maxBytes))
      bodies.hold(entry, kept.add(chunk))
    }
    // The listeners stay after a refusal, so that the remaining bytes are read and discarded.
    source.on('data', take)
    source.on('end', () => {
      // Removed here, because Node would remove it when the answer is sent with `delete`, which makes the request's listeners a
      // slow object.
      source.removeListener('data', take)
      if (isOver) return
      if (announced !== null && source === raw && kept.bytes !== announced) return fail(truncated())
      isOver = true
      bodies.ended(entry)
      resolve(kept.whole())
    })
    const broken = () => {
      if (!isOver) fail(truncated())
    }
    source.on('close', broken)
    // A request emits `close` when its connection breaks; another stream may only emit `error`.
    if (source !== raw) source.on('error', broken)

    function fail(error: Error): void {
      isOver = true
      bodies.ended(entry)
      kept.clear()
      reject(error)
    }
  })
}

const empty = new Uint8Array(0)

/** Returns the request's `Content-Length`, or `null` for a chunked request. Node has checked that it is a number. */
function announcedLength({ headers }: IncomingMessage): number | null {
  const header = headers['content-length']
  return header === undefined ? null : Number(header)
}
