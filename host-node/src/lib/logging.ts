/** Logger options that keep credentials and queries out of a server's log, and shorten long paths. */
import { safeRequestId } from '@flowport/flow/http'
import type { FastifyRequest } from 'fastify'
import type { IncomingMessage } from 'node:http'

/** Headers with which a reader of the log could act as the caller, or read the caller's answers. */
export const secretHeaders = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'idempotency-key',
] as const

/** Maximum length of a logged path, in characters. */
const maxPath = 500

/** Log fields in which Fastify, its plugins and errors of HTTP clients put headers. */
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
        // HTTP/1.0 requests may lack a host.
        host: ((host as string | undefined) ?? '').slice(0, 300),
        remoteAddress: ip,
        remotePort: socket.remotePort ?? 0,
      }
    },
  },
}

/** Returns a request's id: the caller's `x-request-id` if it is short and safe, else a new UUID. */
export function requestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id']
  return safeRequestId(typeof given === 'string' ? given : undefined) ?? crypto.randomUUID()
}

function pathOf(url: string): string {
  const end = url.indexOf('?')
  const path = end < 0 ? url : url.slice(0, end)
  return path.length <= maxPath ? path : `${path.slice(0, maxPath)}…`
}
