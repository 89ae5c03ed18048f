/** Serves the example Worker in workerd, offline, with its data under `.flowport/workers` (`FLOWPORT_DATA_DIR`). */
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { startGateway } from '@flowport-examples/gateway'

const port = Number(process.env['PORT'] ?? 8787)
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  process.stderr.write('PORT must be a whole number from 0 to 65535\n')
  process.exit(1)
}
const host = process.env['HOST'] ?? '127.0.0.1'
const data = resolve(process.env['FLOWPORT_DATA_DIR'] ?? '.flowport', 'workers')
// Prevents DNS rebinding: a web page whose own host name resolves to this machine must not reach the Worker.
const names =
  host === '127.0.0.1' || host === 'localhost'
    ? ['--var', 'ALLOWED_HOSTS:localhost,.localhost,127.0.0.1']
    : []
// Only the user may read the data.
mkdirSync(data, { recursive: true, mode: 0o700 })
const payments =
  process.env['PAYMENTS_URL'] ?? (await startGateway({ file: join(data, 'payments.jsonl') })).url
const manifest = createRequire(import.meta.url).resolve('wrangler/package.json')
const wrangler = join(dirname(manifest), 'bin/wrangler.js')

const child = spawn(
  process.execPath,
  [
    wrangler,
    'dev',
    '--port',
    String(port),
    '--ip',
    host,
    '--persist-to',
    data,
    '--show-interactive-dev-session=false',
    '--var',
    `PAYMENTS_URL:${payments}`,
    ...names,
  ],
  {
    cwd: import.meta.dirname,
    stdio: 'inherit',
    env: {
      ...process.env,
      // Keeps wrangler offline: no account data, metrics or update check.
      CLOUDFLARE_CF_FETCH_ENABLED: 'false',
      WRANGLER_SEND_METRICS: 'false',
      WRANGLER_HIDE_BANNER: 'true',
      WRANGLER_WRITE_LOGS: 'false',
    },
  },
)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
child.on('exit', (code) => {
  process.exitCode = code ?? 0
})
