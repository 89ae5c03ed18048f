/** Reads and discards the rest of a request's body after its answer, so that the client can read that answer. */
import type { FastifyReply } from 'fastify'
import type { IncomingMessage } from 'node:http'

/** Maximum number of bytes that are discarded after an answer. */
const maxBytes = 64 * 1024 * 1024
/** Longest time without a new byte, in milliseconds. */
const idleMs = 3_000
/** Longest total time, as a multiple of `idleMs`. */
const maxLooks = 10
/** Milliseconds that clients have to read their answer when the server closes. */
const closingMs = 500

interface Discarding {
  readonly requests: Set<IncomingMessage>
  isClosing: boolean
}

const servers = new WeakMap<object, Discarding>()

/**
 * Keeps reading for a while after an answer. Fastify would close the connection, which breaks it before a client that is still
 * sending has read the answer. A client that sends for too long, or stalls, is disconnected.
 */
export function discardRest(reply: FastifyReply): void {
  const { raw } = reply.request
  const { requests, isClosing } = discardingOf(reply.server.server)
  if (!reply.raw.headersSent) reply.removeHeader('connection')
  raw.resume()
  if (requests.has(raw) || raw.destroyed) return
  requests.add(raw)
  const first = raw.socket.bytesRead
  let last = first
  let looks = isClosing ? maxLooks : 0
  const timer = setInterval(
    () => {
      const now = raw.socket.bytesRead
      if (now === last || now - first > maxBytes || ++looks >= maxLooks) raw.destroy()
      last = now
    },
    isClosing ? closingMs : idleMs,
  ).unref()
  const ended = () => {
    clearInterval(timer)
    requests.delete(raw)
  }
  raw.once('end', ended).once('close', ended)
}

/** Disconnects clients that still send to a closing server, after giving them time to read their answer. */
export function stopDiscarding(server: object): void {
  const discarding = discardingOf(server)
  discarding.isClosing = true
  setTimeout(() => {
    for (const raw of discarding.requests) raw.destroy()
  }, closingMs).unref()
}

/** Whether a request's headers announce a body. Node sets `complete` only after it has emitted the request. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}

function discardingOf(server: object): Discarding {
  let discarding = servers.get(server)
  if (discarding === undefined) servers.set(server, (discarding = { requests: new Set(), isClosing: false }))
  return discarding
}
