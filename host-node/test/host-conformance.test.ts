import { hostApp, hostConformance } from '@flowport/flow/testing/host'
import { createServer } from '@flowport/host-node'
import { memory } from '@flowport/presets/memory'

hostConformance('Fastify', {
  async open() {
    const server = await createServer(hostApp('local', [memory()]), { env: {}, logLevel: 'silent' })
    const url = await server.listen({ port: 0, host: '127.0.0.1' })
    return { ask: (path, init) => fetch(url + path, init), close: () => server.close() }
  },
})
