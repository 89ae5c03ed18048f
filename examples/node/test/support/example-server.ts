/** Starts the example app in a separate process as `npm start` does, on a free port and with its own data folder. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const exampleMain = resolve(import.meta.dirname, '../../src/main.ts')

export interface ExampleServer {
  readonly url: string
  readonly pid: number
  readonly dataDir: string
  /** Its standard output at startup. */
  readonly banner: string
  /** Its standard error so far. */
  stderr(): string
  /** Resident memory in bytes; Linux only. */
  rss(): number
  kill(signal: NodeJS.Signals): Promise<number | null>
  /** Ends the process and removes its data folder. */
  stop(): Promise<void>
}

export interface ExampleServerOptions {
  readonly dataDir?: string
  readonly env?: Readonly<Record<string, string>>
  /** Path of the program to run. Default: the example's `src/main.ts`. */
  readonly main?: string
}

/** Resolves when the server is ready. Rejects with its standard error if it exits before. */
export async function startExample({
  dataDir,
  env = {},
  main = exampleMain,
}: ExampleServerOptions = {}): Promise<ExampleServer> {
  const folder = dataDir ?? mkdtempSync(join(tmpdir(), 'flowport-example-'))
  const child = spawnExample({ FLOWPORT_DATA_DIR: folder, PORT: '0', ...env }, main)
  const output = { out: '', err: '' }
  child.stdout?.on('data', (chunk: Buffer) => void (output.out += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => void (output.err += chunk.toString()))
  const url = await new Promise<string>((found, failed) => {
    child.stdout?.on('data', () => {
      const match = /on (http:\/\/\S+), profile [\s\S]*BINDING/.exec(output.out)
      if (match?.[1] !== undefined) found(match[1])
    })
    child.once('exit', (code) => failed(new Error(`the server ended with ${code}: ${output.err}`)))
  })
  const pid = child.pid ?? 0
  const kill = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
    return child.exitCode
  }
  return {
    url,
    pid,
    dataDir: folder,
    banner: output.out,
    stderr: () => output.err,
    rss: () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024,
    kill,
    async stop() {
      await kill('SIGTERM')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Spawns the process without waiting for it to be ready. */
export function spawnExample(env: Readonly<Record<string, string>>, main = exampleMain): ChildProcess {
  const { PATH = '', HOME = '' } = process.env
  return spawn(process.execPath, [main], { env: { PATH, HOME, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Sends a JSON request and resolves to its parsed answer. */
export async function ask(
  url: string,
  method = 'GET',
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; headers: Headers; body: unknown }> {
  const json = body === undefined ? {} : { body: JSON.stringify(body) }
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
  const response = await fetch(url, { method, headers: { ...type, ...headers }, ...json })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? undefined : JSON.parse(text),
  }
}
