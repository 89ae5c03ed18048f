/** Requests to object stores over undici, with a separate pool of connections. */
import { Agent, type Dispatcher } from 'undici'
import type { S3HttpOptions } from '../http-options.ts'
import type { S3Answer, S3Transport, S3TransportRequest } from '../transport.ts'
import { PendingAnswer } from './pending-answer.ts'

export function undiciTransport(options: S3HttpOptions = {}): S3Transport {
  const { dispatcher, headersTimeoutMs = 60_000, bodyTimeoutMs = 60_000 } = options
  const own = dispatcher === undefined ? agentFor(options) : undefined
  const target = own ?? (dispatcher as unknown as Dispatcher)
  return {
    decodes: false,
    send({ method, origin, path, headers, body, size, signal }: S3TransportRequest): Promise<S3Answer> {
      const pending = new PendingAnswer(method, signal)
      if (pending.over) return pending.answer
      target.dispatch(
        {
          method: method as Dispatcher.HttpMethod,
          origin,
          path,
          headers: size === undefined ? headers : { ...headers, 'content-length': String(size) },
          // undici reads whatever can be iterated, as a web stream can.
          body: (body ?? null) as Dispatcher.DispatchOptions['body'] as never,
          headersTimeout: headersTimeoutMs,
          bodyTimeout: bodyTimeoutMs,
        },
        pending,
      )
      return pending.answer
    },
    close: async () => {
      await own?.destroy()
    },
  }
}

function agentFor(options: S3HttpOptions): Agent {
  const { connections = 128, pipelining = 1, keepAliveMs = 4000, connectTimeoutMs = 10_000, ca } = options
  return new Agent({
    connections,
    pipelining,
    keepAliveTimeout: keepAliveMs,
    connect: { timeout: connectTimeoutMs, ...(ca === undefined ? {} : { ca: [ca].flat() }) },
  })
}
