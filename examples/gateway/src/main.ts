/** Runs the gateway as a process: prints its address, and exits when its parent process is gone. */
import type { AddressInfo } from 'node:net'
import { createGateway } from './gateway.ts'

const {
  GATEWAY_FILE,
  GATEWAY_KEEPS_KEYS,
  GATEWAY_LOSES_EVERY = '0',
  GATEWAY_HOLDS_MS = '0',
  PORT = '0',
} = process.env
if (GATEWAY_FILE === undefined) throw new Error('GATEWAY_FILE must name the file of the charges')

const server = createGateway({
  file: GATEWAY_FILE,
  keepsKeys: GATEWAY_KEEPS_KEYS === 'true',
  losesEvery: Number(GATEWAY_LOSES_EVERY),
  holdsMs: Number(GATEWAY_HOLDS_MS),
})
server.listen(Number(PORT), '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`)
})
// Standard input is a pipe from the parent, so it ends when the parent dies, even by SIGKILL.
process.stdin.resume().once('end', () => {
  server.close()
  server.closeAllConnections()
})
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    process.stdin.destroy()
    server.close()
    server.closeAllConnections()
  })
