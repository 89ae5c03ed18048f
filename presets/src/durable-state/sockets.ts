/** WebSockets of an object that may sleep while they are open: https://developers.cloudflare.com/durable-objects/best-practices/websockets/ */
import { CapabilityError } from '@flowport/capabilities'
import { maxAttachmentBytes } from './limits.ts'

/** The object's side of a WebSocket. */
export interface ObjectSocket {
  send(message: string | ArrayBuffer | ArrayBufferView): void
  close(code?: number, reason?: string): void
  serializeAttachment(attachment: unknown): void
  deserializeAttachment(): unknown
}

/** The part of a Durable Object's `ctx` that has to do with WebSockets. */
export interface SocketHost {
  acceptWebSocket(socket: never, tags?: string[]): void
  getWebSockets(tag?: string): unknown[]
}

export interface SocketAcceptance {
  /** A JSON value kept with the socket while the object sleeps. Default none. */
  readonly attachment?: unknown
  /** Names under which `withTag` finds it: at most 10, each of at most 256 characters. */
  readonly tags?: readonly string[]
}

export class ObjectSockets {
  readonly #host: SocketHost

  constructor(host: SocketHost) {
    this.#host = host
  }

  /** The sockets that are open, or those of them with the tag. */
  withTag(tag?: string): readonly ObjectSocket[] {
    return this.#host.getWebSockets(tag) as ObjectSocket[]
  }

  /** Accepts a socket; the answer hands the other end to the client. */
  accept({ attachment, tags = [] }: SocketAcceptance): Response {
    const { 0: client, 1: server } = newPair()
    if (attachment !== undefined) this.attach(server, attachment)
    this.#host.acceptWebSocket(server as never, [...tags])
    return new Response(null, { status: 101, webSocket: client } as ResponseInit)
  }

  /** Keeps a JSON value with the socket, in place of the one before; past 16 384 bytes it is `LimitExceeded`. */
  attach(socket: ObjectSocket, attachment: unknown): void {
    const text = JSON.stringify(attachment) as string | undefined
    if (text === undefined)
      throw new CapabilityError('InvalidInput', 'the attachment cannot be written as JSON')
    const bytes = serialisedBytes(text)
    if (bytes > maxAttachmentBytes) {
      throw new CapabilityError(
        'LimitExceeded',
        `the attachment has ${bytes} bytes, the limit is ${maxAttachmentBytes}; keep it in an entry, and its key here`,
        { details: { limit: 'attachment', max: maxAttachmentBytes } },
      )
    }
    socket.serializeAttachment(text)
  }

  /** The value kept with the socket, or `null`. */
  attachment(socket: ObjectSocket): unknown {
    const text = socket.deserializeAttachment()
    return typeof text === 'string' ? (JSON.parse(text) as unknown) : null
  }
}

/** What V8 makes of a text: a header, a tag, the length, and one byte a character, or two if one is not Latin-1. */
export function serialisedBytes(text: string): number {
  // oxlint-disable-next-line no-control-regex -- Latin-1 begins with the control characters
  const isLatin = /^[\u0000-\u00ff]*$/.test(text)
  const bytes = isLatin ? text.length : 2 * text.length
  let lengthBytes = 1
  while (bytes >= 2 ** (7 * lengthBytes)) lengthBytes += 1
  // Two-byte text begins at an even place.
  const padding = !isLatin && (3 + lengthBytes) % 2 === 1 ? 1 : 0
  return 3 + lengthBytes + padding + bytes
}

interface SocketPair {
  readonly 0: ObjectSocket
  readonly 1: ObjectSocket
}

function newPair(): SocketPair {
  const Pair = Reflect.get(globalThis, 'WebSocketPair') as new () => SocketPair
  return new Pair()
}
