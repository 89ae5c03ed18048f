/** Serves small test apps over memory on Fastify. */
import { type AnyFlow, defineApp } from '@flowport/flow'
import { type FlowportOptions, flowport } from '@flowport/host-node'
import { memory } from '@flowport/presets/memory'
import Fastify, { type FastifyInstance } from 'fastify'

export interface TestServer {
  readonly fastify: FastifyInstance
  readonly url: string
  readonly logs: string[]
  close(): Promise<void>
}

/** Serves the flows on a free loopback port. */
export async function serveFlows(
  flows: readonly AnyFlow[],
  options: Partial<FlowportOptions> & { before?: (fastify: FastifyInstance) => unknown } = {},
): Promise<TestServer> {
  const logs: string[] = []
  const { before, ...rest } = options
  const fastify = Fastify({
    logger: { level: 'debug', stream: { write: (line: string) => void logs.push(line) } },
  })
  await before?.(fastify)
  const app = defineApp({ name: 'test', flows: [], profiles: { local: [memory()] } })
  await fastify.register(flowport, { app: { ...app, flows }, env: {}, ...rest })
  const url = await fastify.listen({ port: 0, host: '127.0.0.1' })
  return { fastify, url, logs, close: () => fastify.close() }
}
