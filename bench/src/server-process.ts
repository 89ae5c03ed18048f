/** A server in a separate process: started with its candidate's name, queried for its CPU time, and stopped by its parent. */
import { type ChildProcess, fork } from 'node:child_process'

/** Resources that a process has used. */
export interface Usage {
  /** CPU time in microseconds, user and system. */
  readonly cpuMicros: number
  /** Peak resident memory so far. */
  readonly peakBytes: number
}

/** Messages from the server, sent by `server-child.ts`. */
export type Told = { readonly kind: 'listening'; readonly url: string } | ({ readonly kind: 'usage' } & Usage)

export class ServerProcess {
  readonly name: string
  readonly url: string
  readonly #child: ChildProcess

  private constructor(name: string, url: string, child: ChildProcess) {
    this.name = name
    this.url = url
    this.#child = child
  }

  /** Starts `file`, a module of this folder, and waits until it listens. `BENCH_PROFILES` names a folder for CPU profiles. */
  static async start(file: string, name: string): Promise<ServerProcess> {
    const profiles = process.env['BENCH_PROFILES']
    const execArgv = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`]
    const child = fork(new URL(file, import.meta.url), [name], { execArgv })
    try {
      const told = await next(child, 'listening')
      return new ServerProcess(name, told.url, child)
    } catch (error) {
      child.kill('SIGKILL')
      throw error
    }
  }

  async usage(): Promise<Usage> {
    const told = next(this.#child, 'usage')
    this.#child.send('usage')
    return told
  }

  /** Resolves when the process has exited. It exits when its parent disconnects; otherwise it is killed. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) return resolve()
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), patienceMs)
      this.#child.once('exit', () => {
        clearTimeout(timer)
        resolve()
      })
      this.#child.disconnect()
    })
  }
}

const patienceMs = 5_000

function next<K extends Told['kind']>(child: ChildProcess, kind: K): Promise<Extract<Told, { kind: K }>> {
  return new Promise((resolve, reject) => {
    const onMessage = (told: Told) => {
      if (told.kind !== kind) return
      end()
      resolve(told as Extract<Told, { kind: K }>)
    }
    const onExit = () => {
      end()
      reject(new Error('a server ended before it was asked to'))
    }
    const end = () => {
      child.off('message', onMessage)
      child.off('exit', onExit)
    }
    child.on('message', onMessage)
    child.on('exit', onExit)
  })
}
