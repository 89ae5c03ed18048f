/** The parent's side of `client-child.ts`. */
import { type ChildProcess, fork } from 'node:child_process'
import type { Target } from './clients.ts'

/** The work for a client. */
export type Asked =
  | { readonly what: 'put' | 'get'; readonly amount: number; readonly concurrency: number }
  | { readonly what: 'upload' | 'download'; readonly bytes: number }

/** The measured cost of the work. */
export interface Took {
  readonly ms: number
  readonly cpuMs: number
  /** Growth of the peak resident memory during the work. */
  readonly growthBytes: number
  /** Longest delay of the event loop. */
  readonly lagMs: number
}

export class ClientProcess {
  readonly name: string
  readonly #child: ChildProcess

  private constructor(name: string, child: ChildProcess) {
    this.name = name
    this.#child = child
  }

  static async start(name: string, target: Target): Promise<ClientProcess> {
    const profiles = process.env['BENCH_PROFILES']
    const execArgv = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`]
    const child = fork(new URL('client-child.ts', import.meta.url), [name, JSON.stringify(target)], {
      execArgv,
    })
    await answerOf(child)
    return new ClientProcess(name, child)
  }

  async ask(asked: Asked): Promise<Took> {
    const answer = answerOf(this.#child)
    this.#child.send(asked)
    return (await answer) as Took
  }

  stop(): void {
    if (this.#child.connected) this.#child.disconnect()
  }
}

function answerOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onMessage = (answer: unknown) => {
      child.off('exit', onExit)
      resolve(answer)
    }
    const onExit = () => {
      child.off('message', onMessage)
      reject(new Error('a client ended before it answered'))
    }
    child.once('message', onMessage)
    child.once('exit', onExit)
  })
}
