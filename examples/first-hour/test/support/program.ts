/** A server in a separate process, as a user starts it: ready when it prints its address or answers requests. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { userEnvironment } from './installed.ts'

export interface Program {
  readonly url: string
  stop(): Promise<void>
}

/**
 * Starts `node args` in `cwd`. With `url`, waits until the program answers there; otherwise waits until it prints its address.
 */
export async function startProgram(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  url?: string,
): Promise<Program> {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...userEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const saysUrl = new Promise<string>((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString()
        const said = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0]
        if (said !== undefined) resolve(said)
      })
  })
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the program ended with ${String(code)}: ${output}`)
  })
  const ready = url === undefined ? saysUrl : answering(url, child)
  const found = await Promise.race([ready, ended])
  ended.catch(() => undefined)
  return {
    url: found,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    },
  }
}

async function answering(url: string, child: ChildProcess): Promise<string> {
  while (child.exitCode === null && child.signalCode === null) {
    const there = await fetch(url).then(
      async (response) => (await response.arrayBuffer()).byteLength >= 0,
      () => false,
    )
    if (there) break
    await new Promise((retry) => setTimeout(retry, 100))
  }
  return url
}

/** Finds a free port, because wrangler does not report a port that it picks. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
