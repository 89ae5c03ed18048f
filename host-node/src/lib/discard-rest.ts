/** What is left of a request's body when its answer is sent. */
import type { FastifyReply } from 'fastify'

/** Longest time the rest of a body is read, in milliseconds. */
const lingerMs = 30_000

/**
 * Reads on after an answer. A connection closed while the client still sends breaks before it has read why (Fastify would
 * close it); one that goes on sending for too long is closed after all.
 */
export function discardRest(reply: FastifyReply): void {
  const { raw } = reply.request
  reply.removeHeader('connection')
  raw.resume()
  const timer = setTimeout(() => raw.destroy(), lingerMs).unref()
  raw.once('close', () => clearTimeout(timer))
}
