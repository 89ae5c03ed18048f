import { resolve } from 'node:path'
import { hostApp } from '@flowport/flow/testing/host'
import { createServer } from '@flowport/host-node'
import { type RunningWorkerd, serveWorkerd } from '@flowport/host-workers/testing'
import { memory } from '@flowport/presets/memory'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CorpusRequest, corpus } from './support/corpus.ts'

/** Headers that must be equal. All other headers are up to the server. */
const telling = [
  'accept-ranges',
  'allow',
  'cache-control',
  'content-length',
  'content-range',
  'content-security-policy',
  'content-type',
  'location',
  'retry-after',
  'traceparent',
  'vary',
  'www-authenticate',
  'x-accel-buffering',
  'x-content-type-options',
  'x-request-id',
  'x-tea',
]
/** Headers whose values differ between runs: either both hosts send them or neither does. */
const present = ['etag', 'last-modified', 'server-timing']

/** Headers that a server may add or omit when it frames an answer: compared only if both hosts send them. */
const framing = new Set(['content-length'])

let close: () => Promise<void> = async () => undefined
let fastify = ''
let workerd: RunningWorkerd | undefined

beforeAll(async () => {
  const server = await createServer(hostApp('local', [memory()]), { env: {}, logLevel: 'silent' })
  close = () => server.close()
  fastify = await server.listen({ port: 0, host: '127.0.0.1' })
  workerd = await serveWorkerd(resolve(import.meta.dirname, 'support/corpus-worker.ts'), {
    vars: { LOG_LEVEL: 'silent' },
  })
})

afterAll(async () => {
  await close()
  await workerd?.close()
})

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | null>>
  readonly present: Readonly<Record<string, boolean>>
  readonly body: string
}

async function ask(base: string, { path, init = {} }: CorpusRequest): Promise<Answer> {
  const headers = new Headers(init.headers)
  headers.set('x-request-id', 'parity-1')
  const response = await fetch(base + path, { ...init, headers })
  const bytes = Buffer.from(await response.arrayBuffer())
  return {
    status: response.status,
    headers: Object.fromEntries(telling.map((name) => [name, response.headers.get(name)])),
    present: Object.fromEntries(present.map((name) => [name, response.headers.has(name)])),
    body: bytes.toString('latin1'),
  }
}

describe('Fastify and workerd answer alike', () => {
  it('over a corpus of at least 60 requests', () => expect(corpus.length).toBeGreaterThanOrEqual(60))

  it.each(corpus.map((request) => [request.name.slice(0, 120), request] as const))(
    '%s',
    async (_name, request) => {
      const node = await ask(fastify, request)
      const worker = await ask(workerd?.url ?? '', request)
      const told = Object.fromEntries(
        Object.entries(worker.headers).map(([name, value]) => [
          name,
          framing.has(name) && (value === null || node.headers[name] === null) ? node.headers[name] : value,
        ]),
      )
      expect({ ...worker, headers: told }).toEqual(node)
    },
  )
})
