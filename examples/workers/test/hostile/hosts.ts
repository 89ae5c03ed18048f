/** Starts a host to attack in a separate process. */
import { serveWorkerd } from '@flowport/host-workers/testing'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

export interface AttackedHost {
  readonly url: string
  /** Resident memory in MiB. Linux only. */
  memory(): number
  close(): Promise<void>
}

export const hosts: Readonly<Record<'fastify' | 'workerd', () => Promise<AttackedHost>>> = {
  async fastify() {
    const { PATH = '', HOME = '' } = process.env
    const child = spawn(process.execPath, [resolve(import.meta.dirname, 'node-server.ts')], {
      env: { PATH, HOME },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    const [line] = (await Promise.race([
      once(child.stdout, 'data'),
      exited.then(() => Promise.reject(new Error('the server ended before it was up'))),
    ])) as [Buffer]
    const close = async () => {
      child.kill('SIGTERM')
      await exited
    }
    return { url: line.toString().trim(), memory: () => residentMiB(child.pid ?? 0), close }
  },

  async workerd() {
    const worker = resolve(import.meta.dirname, '../support/corpus-worker.ts')
    const { url, pid, close } = await serveWorkerd(worker, { vars: { LOG_LEVEL: 'silent' }, edge: false })
    return { url, memory: () => residentMiB(pid), close }
  },
}

function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}
