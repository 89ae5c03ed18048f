/** Builds the page and serves it on `PORT` (default 4173) of `HOST` (default 127.0.0.1). */
import { join } from 'node:path'
import { startGateway } from '@flowport-examples/gateway'
import { preview } from 'vite'
import { buildSite } from './build.ts'

const port = Number(process.env['PORT'] ?? 4173)
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  process.stderr.write('PORT must be a whole number from 0 to 65535\n')
  process.exit(1)
}
const outDir = await buildSite()
// Port 4174 is the default of `PAYMENTS_URL`, which the page cannot set.
await startGateway({ file: join(import.meta.dirname, 'dist', 'payments.jsonl'), port: 4174 })
const server = await preview({
  configFile: false,
  root: import.meta.dirname,
  logLevel: 'warn',
  build: { outDir },
  preview: { port, host: process.env['HOST'] ?? '127.0.0.1', strictPort: true },
})
process.stdout.write(`the page is at ${server.resolvedUrls?.local[0] ?? ''}\n`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close())
