/** The crash app on Fastify, as a separate process that prints its address. */
import { createServer } from '@flowport/host-node'
import { s3Dedupe } from '@flowport/presets/s3'
import { sqlite } from '@flowport/presets/sqlite'
import { crashApp, type Providers } from '../app.ts'
import { hooks, steps } from '../steps.ts'

const { CRASH_SQLITE: path, CRASH_NEVER: never = 'never', ...env } = process.env
const layers = (own: readonly (typeof steps)[]) => [...own, steps]
const providers: Providers =
  path === undefined ? [s3Dedupe({ layers })] : [sqlite({ path, only: ['dedupe'], layers })]
const app = crashApp('local', providers, { never: never === 'again' ? 'again' : 'never' })
const server = await createServer(app, { env, hooks, logLevel: 'silent' })
process.stdout.write(`${await server.listen({ port: 0, host: '127.0.0.1' })}\n`)
// Standard input is a pipe from the parent, so it ends when the parent dies, even by SIGKILL.
process.stdin.resume().once('end', () => process.exit(0))
