/** Starts the example Worker as `npm run start:workers` does, on a free port and with its own data folder. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const start = resolve(import.meta.dirname, '../../start.ts')

export interface DevServer {
  readonly url: string
  readonly dataDir: string
  /** Its output so far. */
  output(): string
  /** Ends the server and keeps its data. */
  end(): Promise<void>
  /** Ends the server and removes its data. */
  stop(): Promise<void>
}

/** Resolves when the server answers. Rejects with its output if it exits before. */
export async function startDev(
  dataDir = mkdtempSync(join(tmpdir(), 'flowport-workers-')),
): Promise<DevServer> {
  const port = await freePort()
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [start], {
    env: { PATH, HOME, PORT: String(port), FLOWPORT_DATA_DIR: dataDir, CI: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => void (printed += chunk.toString()))
  const url = `http://127.0.0.1:${port}`
  await Promise.race([
    answering(`${url}/healthz`, child),
    once(child, 'exit').then(([code]) => {
      throw new Error(`the server ended with ${String(code)}: ${printed}`)
    }),
  ])
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    await exited
  }
  return {
    url,
    dataDir,
    output: () => printed,
    end,
    async stop() {
      await end()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    const ok = await fetch(url).then(
      async (response) => {
        await response.text()
        return response.ok
      },
      () => false,
    )
    if (ok) return
    await new Promise((retry) => setTimeout(retry, 100))
  }
}

/** Finds a free port, because wrangler does not report a port that it picks. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
