/** Requests to object stores over `fetch`, on every platform. */
import { platformFetch } from './platform-fetch.ts'
import { fixedLength } from './fixed-length.ts'
import type { S3Answer, S3Transport, S3TransportRequest } from './transport.ts'

/** @param send Default: the platform's, past the cache of a browser. */
export function fetchTransport(send: typeof fetch = platformFetch()): S3Transport {
  return {
    decodes: true,
    async send({ method, origin, path, headers, body, size, signal }: S3TransportRequest): Promise<S3Answer> {
      const init: RequestInit & { duplex?: 'half' } = { method, headers, redirect: 'manual' }
      if (signal !== undefined) init.signal = signal
      if (body instanceof ReadableStream) {
        const sized = fixedLength(body, size ?? 0)
        init.body = sized.stream
        init.headers = { ...headers, ...sized.headers }
        init.duplex = 'half'
      } else if (body !== undefined) init.body = body
      return answerOf(await send(origin + path, init))
    },
  }
}

function answerOf(response: Response): S3Answer {
  return {
    status: response.status,
    headers: response.headers,
    bytes: async () => new Uint8Array(await response.arrayBuffer()),
    // Workers warn where `text` is asked of a body that is not called so.
    text: async () => decoder.decode(await response.arrayBuffer()),
    stream: () => response.body ?? new Blob([]).stream(),
    cancel: async () => response.body?.cancel(),
  }
}

const decoder = new TextDecoder()
