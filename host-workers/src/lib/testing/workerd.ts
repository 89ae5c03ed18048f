/** Serves a Worker in workerd itself on a free loopback port, without the proxies of development tools. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'

/** The package is CommonJS; its default export is the path of the binary. */
const { default: workerd } = createRequire(import.meta.url)('workerd') as { readonly default: string }

export interface RunningWorkerd {
  readonly url: string
  readonly pid: number
  /** Ends the process with a signal. Resolves when it has exited. Use `SIGKILL` to simulate a crash. Default SIGTERM. */
  close(signal?: NodeJS.Signals): Promise<void>
}

export interface ServeWorkerdOptions {
  /** Text variables of the Worker's `env`. */
  readonly vars?: Readonly<Record<string, string>>
  /** Whether to place a Worker in front that cancels requests as the platform's edge does; see `giveUpHeader`. Default true. */
  readonly edge?: boolean
  /** Whether the Worker may open connections to loopback, such as to a store started by a test. Default false. */
  readonly reachesLoopback?: boolean
  /** Durable Object classes that the module exports, by binding name. Default: none. */
  readonly durableObjects?: Readonly<Record<string, string>>
  /** Folder for the Durable Objects' data, which survives restarts. Default: a temporary folder, removed on `close`. */
  readonly storage?: string
  /** Called with the Worker's log output. Default: the output is printed. */
  readonly onOutput?: (text: string) => void
}

/** Header with the milliseconds after which a request is cancelled, as the platform does when the client disconnects. */
export const giveUpHeader = 'x-give-up-after-ms'

/**
 * A Worker that replaces the platform's edge: forwards requests to the main Worker, and cancels them as for a disconnected
 * client. The binary's own HTTP server reports a disconnect only when the Worker writes.
 */
const edgeSource = `export default {
  fetch(request, env) {
    const ms = request.headers.get('${giveUpHeader}')
    return ms === null ? env.MAIN.fetch(request) : env.MAIN.fetch(request, { signal: AbortSignal.timeout(Number(ms)) })
  },
}
`

/** Bundles the module at path `entry` as wrangler does, and serves it with the bindings `vars` and `durableObjects`. */
export async function serveWorkerd(
  entry: string,
  options: ServeWorkerdOptions = {},
): Promise<RunningWorkerd> {
  const folder = mkdtempSync(join(tmpdir(), 'flowport-workerd-'))
  const { storage = join(folder, 'objects') } = options
  mkdirSync(storage, { recursive: true })
  await build({
    entryPoints: [entry],
    outfile: join(folder, 'worker.js'),
    bundle: true,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    logLevel: 'error',
  })
  writeFileSync(join(folder, 'edge.js'), edgeSource)
  writeFileSync(join(folder, 'config.capnp'), configOf({ ...options, storage }))
  const child = spawn(workerd, ['serve', '--experimental', '--control-fd=3', 'config.capnp'], {
    cwd: folder,
    stdio: ['ignore', options.onOutput === undefined ? 'inherit' : 'pipe', 'inherit', 'pipe'],
  })
  child.stdout?.on('data', (chunk: Buffer) => options.onOutput?.(chunk.toString()))
  const exited = once(child, 'exit')
  const control = child.stdio[3]
  const port = await new Promise<number>((resolve, reject) => {
    let told = ''
    control?.on('data', (chunk: Buffer) => {
      told += chunk.toString()
      const from = told.indexOf('"event":"listen"')
      const match = from < 0 ? null : /"port":(\d+)/.exec(told.slice(from))
      if (match !== null) resolve(Number(match[1]))
    })
    void exited.then(([code]) => reject(new Error(`workerd ended with ${String(code)}`)))
  })
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    async close(signal = 'SIGTERM') {
      child.kill(signal)
      await exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function configOf({
  vars = {},
  edge = true,
  reachesLoopback = false,
  durableObjects = {},
  storage,
}: ServeWorkerdOptions & { readonly storage: string }): string {
  const text = (value: string) => JSON.stringify(value)
  const bindings = [
    ...Object.entries(vars).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`),
    ...Object.entries(durableObjects).map(
      ([name, className]) => `(name = ${text(name)}, durableObjectNamespace = ${text(className)})`,
    ),
  ]
  const classes = [...new Set(Object.values(durableObjects))].map(
    (name) => `(className = ${text(name)}, uniqueKey = ${text(name)}, enableSql = true)`,
  )
  const objects = `
  durableObjectNamespaces = [${classes.join(', ')}],
  durableObjectStorage = (localDisk = "objects"),`
  const internet = reachesLoopback
    ? ', (name = "internet", network = (allow = ["public", "private", "local"]))'
    : ''
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker), (name = "edge", worker = .edge),
    (name = "objects", disk = (path = ${text(storage)}, writable = true))${internet}
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "${edge ? 'edge' : 'main'}")],
);
const edge :Workerd.Worker = (
  modules = [(name = "edge", esModule = embed "edge.js")],
  compatibilityDate = "2026-11-01",
  bindings = [(name = "MAIN", service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  compatibilityFlags = ["enable_request_signal"],
  bindings = [${bindings.join(', ')}],${classes.length === 0 ? '' : objects}
);
`
}
