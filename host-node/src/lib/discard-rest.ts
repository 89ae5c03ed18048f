/** What is left of a request's body when its answer is sent. */
import type { FastifyReply } from 'fastify'
import type { IncomingMessage } from 'node:http'

/** Most bytes that are read and forgotten after an answer. */
const maxBytes = 64 * 1024 * 1024
/** Longest time without a byte, in milliseconds. */
const idleMs = 3_000
/** Longest time in all, in idle times. */
const maxLooks = 10
/** Milliseconds that clients get to read their answer when the server closes. */
const closingMs = 500

interface Discarding {
  readonly requests: Set<IncomingMessage>
  isClosing: boolean
}

const servers = new WeakMap<object, Discarding>()

/**
 * Reads on after an answer, for a while. A connection that closes while its client still sends breaks before the client has
 * read why (Fastify would close it). A client that sends for too long, or stops half-way, is disconnected after all.
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

/** Disconnects the clients that still send to a server that closes, when they have had time to read their answer. */
export function stopDiscarding(server: object): void {
  const discarding = discardingOf(server)
  discarding.isClosing = true
  setTimeout(() => {
    for (const raw of discarding.requests) raw.destroy()
  }, closingMs).unref()
}

/** Whether a request announces a body. Node knows that it is whole only after the request has been handed over. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}

function discardingOf(server: object): Discarding {
  let discarding = servers.get(server)
  if (discarding === undefined) servers.set(server, (discarding = { requests: new Set(), isClosing: false }))
  return discarding
}
