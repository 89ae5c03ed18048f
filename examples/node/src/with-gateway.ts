/** Starts a payment gateway for the example's orders when `PAYMENTS_URL` is not set. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { startGateway } from '@flowport-examples/gateway'

/** Returns `env` with `PAYMENTS_URL`. A gateway started here stores its charges in `FLOWPORT_DATA_DIR`. */
export async function withGateway(env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  if (env['PAYMENTS_URL'] !== undefined) return env
  const folder = env['FLOWPORT_DATA_DIR'] ?? '.flowport'
  // Only the user may read the data.
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { url } = await startGateway({ file: join(folder, 'payments.jsonl') })
  return { ...env, PAYMENTS_URL: url }
}
