/** A payment gateway for the example's orders, where none is set. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { startGateway } from '@flowport-examples/gateway'

/** The environment with `PAYMENTS_URL`. A gateway that is started here keeps its charges in `FLOWPORT_DATA_DIR`. */
export async function withGateway(env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  if (env['PAYMENTS_URL'] !== undefined) return env
  const folder = env['FLOWPORT_DATA_DIR'] ?? '.flowport'
  // The data is for the user alone.
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { url } = await startGateway({ file: join(folder, 'payments.jsonl') })
  return { ...env, PAYMENTS_URL: url }
}
