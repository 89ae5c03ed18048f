import { hostApp, hostConformance } from '@flowport/flow/testing/host'
import { createServer } from '@flowport/host-node'
import { fs } from '@flowport/presets/fs'
import { memory } from '@flowport/presets/memory'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

hostConformance('Fastify over fs', {
  async open() {
    const root = await mkdtemp(join(tmpdir(), 'flowport-host-'))
    const server = await createServer(hostApp('local', [fs({ root }), memory({ only: ['dedupe'] })]), {
      env: {},
      logLevel: 'silent',
    })
    const url = await server.listen({ port: 0, host: '127.0.0.1' })
    return {
      ask: (path, init) => fetch(url + path, init),
      async close() {
        await server.close()
        await rm(root, { recursive: true, force: true })
      },
    }
  },
})
