import { resolve } from 'node:path'
import { hostConformance } from '@flowport/flow/testing/host'
import { serveWorkerd } from '@flowport/host-workers/testing'

hostConformance('Hono on workerd', {
  async open() {
    const { url, close } = await serveWorkerd(resolve(import.meta.dirname, 'worker/worker.ts'))
    return { ask: (path, init) => fetch(url + path, init), close }
  },
  skip: {
    'a client that goes away fires the node’s signal, and the run ends':
      'the binary’s HTTP server tells of a lost client only when the Worker writes; see disconnect.test.ts',
  },
})
