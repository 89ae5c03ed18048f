/** Reads a request's body into memory, within its limit and the server's. */
import { tooLarge, truncated } from '@flowport/flow/http'
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { Blocks } from './blocks.ts'
import type { RequestBodies } from './request-bodies.ts'

/**
 * The whole body. `source` is what carries its bytes: the request, or what a `preParsing` hook of the server made of it.
 * Nothing is read before the call.
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
    const entry = bodies.begin({ raw, kind: 'json', held: 0, refuse: fail })

    function onData(chunk: Uint8Array<ArrayBuffer>): void {
      if (kept.bytes + chunk.length > maxBytes) return fail(tooLarge(maxBytes))
      bodies.hold(entry, kept.add(chunk))
    }
    function onEnd(): void {
      release()
      if (announced !== null && source === raw && kept.bytes !== announced) return reject(truncated())
      resolve(kept.whole())
    }
    function onBroken(): void {
      fail(truncated())
    }
    function fail(error: Error): void {
      release()
      kept.clear()
      reject(error)
    }
    function release(): void {
      bodies.ended(entry)
      source.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken)
    }

    source.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken)
  })
}

const empty = new Uint8Array(0)

/** The length that the request states; `null` for chunked ones. Node has checked that it is a number. */
function announcedLength({ headers }: IncomingMessage): number | null {
  const header = headers['content-length']
  return header === undefined ? null : Number(header)
}
