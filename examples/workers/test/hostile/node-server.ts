/** Serves the conformance flows on Fastify in a separate process, so that the process's memory is the server's. */
import { hostApp } from '@flowport/flow/testing/host'
import { createServer } from '@flowport/host-node'
import { memory } from '@flowport/presets/memory'

const server = await createServer(hostApp('local', [memory()]), { env: {}, logLevel: 'silent' })
process.stdout.write(`${await server.listen({ port: 0, host: '127.0.0.1' })}\n`)
process.once('SIGTERM', () => void server.close().then(() => process.exit(0)))
