/** What a server's log may hold of a request: no credentials, no query, nothing longer than it needs to be. */
import { safeRequestId } from '@flowport/flow/http'
import type { FastifyRequest } from 'fastify'
import type { IncomingMessage } from 'node:http'

/** Headers that let their reader act as the caller, or read what was meant for the caller. */
export const secretHeaders = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'idempotency-key',
] as const

/** Longest path that is logged, in characters. */
const maxPath = 500

/** Where Fastify, its plugins and errors of HTTP clients put headers. */
const places = ['req.headers', 'res.headers', 'headers', '*.headers', 'err.*.headers']

/**
 * Options of a Fastify logger: `Fastify({ logger: { level: 'info', ...safeLogging } })`. Requests are logged with their
 * method and path, without the query; headers with credentials are left out.
 */
export const safeLogging = {
  redact: {
    paths: places.flatMap((place) => secretHeaders.map((name) => `${place}["${name}"]`)),
    censor: '[redacted]',
  },
  serializers: {
    req({ method, url, host, ip, socket }: FastifyRequest) {
      return {
        method,
        url: pathOf(url),
        // HTTP/1.0 may leave it out.
        host: ((host as string | undefined) ?? '').slice(0, 300),
        remoteAddress: ip,
        remotePort: socket.remotePort ?? 0,
      }
    },
  },
}

/** The id of a request: the caller's `x-request-id` where it is short and safe, else a new one. */
export function requestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id']
  return safeRequestId(typeof given === 'string' ? given : undefined) ?? crypto.randomUUID()
}

function pathOf(url: string): string {
  const end = url.indexOf('?')
  const path = end < 0 ? url : url.slice(0, end)
  return path.length <= maxPath ? path : `${path.slice(0, maxPath)}…`
}
