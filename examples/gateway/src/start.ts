/** Starts the gateway in a separate process. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { GatewayOptions } from './gateway.ts'

export type { GatewayOptions }

export interface Gateway {
  readonly url: string
  /** Resolves to the number of charges that the gateway made for an order. */
  count(orderId: string): Promise<number>
  stop(): Promise<void>
}

export interface StartOptions extends GatewayOptions {
  /** Port on 127.0.0.1. Default 0: any free port. */
  readonly port?: number
}

/** Resolves when the gateway listens. The gateway exits at the latest with this process. */
export async function startGateway({
  file,
  keepsKeys = false,
  losesEvery = 0,
  holdsMs = 0,
  port = 0,
}: StartOptions): Promise<Gateway> {
  const env = {
    PATH: process.env['PATH'] ?? '',
    GATEWAY_FILE: file,
    GATEWAY_KEEPS_KEYS: String(keepsKeys),
    GATEWAY_LOSES_EVERY: String(losesEvery),
    GATEWAY_HOLDS_MS: String(holdsMs),
    PORT: String(port),
  }
  const main = fileURLToPath(new URL('main.ts', import.meta.url))
  const child = spawn(process.execPath, [main], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const [first] = (await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`the gateway ended with ${String(code)}`)
    }),
  ])) as [Buffer]
  // The gateway must not keep this process alive.
  child.unref()
  for (const stream of [child.stdin, child.stdout])
    if ('unref' in stream) (stream as { unref(): void }).unref()
  const url = first.toString().trim()
  return {
    url,
    async count(orderId) {
      const response = await fetch(`${url}/charges/${encodeURIComponent(orderId)}`)
      return ((await response.json()) as { charges: number }).charges
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      // Keeps this process alive until the gateway has exited.
      child.ref()
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    },
  }
}
