/** Serves the conformance flows over a folder in a separate process and prints its URL. Exits with its parent. */
import { systemClock } from '@flowport/capabilities/system'
import { hostApp } from '@flowport/flow/testing/host'
import { createServer } from '@flowport/host-node'
import { fs } from '@flowport/presets/fs'
import { memory } from '@flowport/presets/memory'

export interface FormsProcessOptions {
  readonly root: string
  /** Milliseconds by which the store's clock lags behind the system clock. */
  readonly behindMs: number
}

const { root, behindMs } = JSON.parse(process.argv[2] ?? '') as FormsProcessOptions

process.stdin.on('end', () => process.exit(1)).resume()
const clock = { ...systemClock, now: () => Date.now() - behindMs }
const server = await createServer(hostApp('local', [fs({ root, clock }), memory({ only: ['dedupe'] })]), {
  env: {},
  logLevel: 'silent',
})
process.stdout.write(`${await server.listen({ port: 0, host: '127.0.0.1' })}\n`)
