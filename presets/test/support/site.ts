/** A web site for tests: bundles scripts for a browser and serves them beside pages and files, on this machine only. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname } from 'node:path'
import { build } from 'esbuild'

export interface SiteOptions {
  /** Served path to the file that is bundled for it: `{ '/main.js': '/…/main.ts' }`. */
  readonly scripts?: Readonly<Record<string, string>>
  /** Served path to text or bytes; what is not there is 404. Default: `/`, a page that loads every script. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>
  /** Of every answer. */
  readonly headers?: Readonly<Record<string, string>>
  /** Answers instead where it resolves true. */
  readonly handle?: (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>
  /** Default: a free one. */
  readonly port?: number
}

export interface Site {
  readonly origin: string
  readonly port: number
  /** Paths that were asked for, in order. */
  readonly requests: readonly string[]
  close(): Promise<void>
}

/** Close it. */
export async function startSite(options: SiteOptions): Promise<Site> {
  const { scripts = {}, headers = {}, handle } = options
  const modules = Object.keys(scripts).map((path) => `<script type="module" src="${path}"></script>`)
  const files: Record<string, string | Uint8Array> = {
    '/': `<!doctype html><meta charset="utf-8"><title>Test</title>${modules.join('')}`,
    ...options.files,
  }
  for (const [path, entry] of Object.entries(scripts)) files[path] = await bundled(entry)
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(request.url ?? '')
    void Promise.resolve(handle?.(request, response) ?? false).then((done) => {
      if (done) return
      const path = new URL(request.url ?? '/', 'http://site.test').pathname
      const body = files[path]
      response.writeHead(body === undefined ? 404 : 200, { 'content-type': typeOf(path), ...headers })
      response.end(body ?? 'not found')
    })
  })
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** The file and all it imports as one module for browsers. */
export async function bundled(entry: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    logLevel: 'silent',
  })
  return outputFiles[0]?.contents ?? new Uint8Array()
}

function typeOf(path: string): string {
  return types[extname(path)] ?? 'text/html; charset=utf-8'
}

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.csv': 'text/csv; charset=utf-8',
  '.wasm': 'application/wasm',
  '.parquet': 'application/vnd.apache.parquet',
}
