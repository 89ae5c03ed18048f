/** Serves the example app on Fastify, with the profile that `FLOWPORT_PROFILE` names. */
import app from '@flowport-examples/flows'
import { describeServer, serve } from '@flowport/host-node'
import { withGateway } from './with-gateway.ts'

try {
  const server = await serve(app, { env: await withGateway(process.env) })
  process.stdout.write(describeServer(server))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
