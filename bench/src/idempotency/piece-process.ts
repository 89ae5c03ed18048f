/** The parent's side of `piece-child.ts`: a process that runs pieces of work with the source of one checkout. */
import { type ChildProcess, fork } from 'node:child_process'

export interface Asked {
  /** `sqliteFull` waits for the disk at every commit, which is the preset's default. */
  readonly store: 'memory' | 'sqlite' | 'sqliteFull'
  /** `steps` means begin + complete. The others run a keyed node with one write, with this `begins` setting. */
  readonly piece: 'steps' | 'handler' | 'effect'
  readonly times: number
}

export type Told =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly wallMicros: number; readonly cpuMicros: number }

/** Microseconds for doing the work one time. */
export interface Taken {
  readonly wallMicros: number
  readonly cpuMicros: number
}

export class PieceProcess {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  /** Starts the process with the source of the checkout in the folder `root`. */
  static async start(root: string): Promise<PieceProcess> {
    const child = fork(new URL('piece-child.ts', import.meta.url), [root])
    await next(child)
    return new PieceProcess(child)
  }

  async does(asked: Asked): Promise<Taken> {
    const told = next(this.#child)
    this.#child.send(asked)
    const done = await told
    if (done.kind !== 'done') throw new Error('the process has not done what it was asked')
    return { wallMicros: done.wallMicros / asked.times, cpuMicros: done.cpuMicros / asked.times }
  }

  stop(): void {
    this.#child.disconnect()
  }
}

function next(child: ChildProcess): Promise<Told> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error('the process ended before it was asked to'))
    child.once('exit', ended)
    child.once('message', (told: Told) => {
      child.off('exit', ended)
      resolve(told)
    })
  })
}
