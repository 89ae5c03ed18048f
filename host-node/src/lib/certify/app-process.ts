/**
 * Starts one process of the app and sends it requests. Every process, even a stopped one, is killed when the certification
 * ends.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type {
  BoundResource,
  Difference,
  MakeCall,
  Open,
  Outcome,
  Point,
  Reply,
  Request,
  TracedCall,
} from './messages.ts'

export interface ProcessOptions extends Omit<Open, 'kind'> {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Kills the process when it fires, even while the process starts or is stopped. */
  readonly end: AbortSignal
}

export interface CalledWith {
  readonly pause?: Point
  readonly ttlMs?: number
  /** Milliseconds to keep repeating the call while another holder has the key. Default 0: one call. */
  readonly patienceMs?: number
}

export interface Called {
  readonly outcome: Outcome
  readonly trace: readonly TracedCall[]
}

interface Waiter {
  readonly paused: () => void
  readonly settle: (reply: Reply) => void
  readonly fail: (error: Error) => void
}

/** Thrown when a certification cannot run, for example because the profile does not open. Gives no verdict on the effects. */
export class CertifyError extends Error {
  override readonly name = 'CertifyError'
}

const script = fileURLToPath(
  new URL(`certify-process${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
)
/** Characters of standard error that are kept for error messages. */
const maxErrorText = 2_000

export class AppProcess {
  readonly bindings: readonly BoundResource[]
  readonly #child: ChildProcess
  readonly #waiters: Map<number, Waiter>
  #next = 0

  private constructor(child: ChildProcess, waiters: Map<number, Waiter>, bindings: readonly BoundResource[]) {
    this.#child = child
    this.#waiters = waiters
    this.bindings = bindings
  }

  /** @throws CertifyError when the app or its profile cannot be opened. */
  static async start({ env, end, ...open }: ProcessOptions): Promise<AppProcess> {
    const child = fork(script, [], {
      env,
      serialization: 'advanced',
      signal: end,
      killSignal: 'SIGKILL',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    let stderr = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-maxErrorText)
    })
    const waiters = new Map<number, Waiter>()
    const opened = new Promise<readonly BoundResource[]>((resolve, reject) => {
      child.on('message', (reply: Reply) => {
        if (reply.kind === 'opened') return resolve(reply.bindings)
        if (reply.kind === 'refused') return reject(new CertifyError(reply.message))
        const waiter = waiters.get(reply.id)
        if (reply.kind === 'paused') return waiter?.paused()
        waiters.delete(reply.id)
        waiter?.settle(reply)
      })
      const ended = (why: string) => {
        const error = new CertifyError(
          `a process of the app ended: ${why}${stderr === '' ? '' : `\n${stderr}`}`,
        )
        for (const waiter of waiters.values()) waiter.fail(error)
        waiters.clear()
        reject(error)
      }
      child.on('error', (error) => ended(error.message))
      child.once('exit', (code, signal) => ended(signal ?? `exit code ${code}`))
    })
    child.send({ kind: 'open', ...open } satisfies Open)
    try {
      return new AppProcess(child, waiters, await opened)
    } catch (error) {
      child.kill('SIGKILL')
      throw error
    }
  }

  async call(input: unknown, options: CalledWith = {}): Promise<Called> {
    return this.#call(input, options).ended
  }

  /** `paused` resolves when the run has reached its point, `ended` when the call is over. */
  callWithPause(
    input: unknown,
    options: CalledWith,
  ): { readonly paused: Promise<void>; readonly ended: Promise<Called>; readonly goOn: () => void } {
    const { id, paused, ended } = this.#call(input, options)
    return { paused, ended, goOn: () => this.#send({ kind: 'go on', id }) }
  }

  async forget(keys: readonly string[]): Promise<void> {
    const id = this.#next++
    await this.#ask({ kind: 'forget', id, keys })
  }

  async compareRuns(input: unknown): Promise<readonly Difference[]> {
    const reply = await this.#ask({ kind: 'compare runs', id: this.#next++, input })
    return reply.kind === 'compared' ? reply.differences : []
  }

  /** Resolves when the process responds. */
  async ping(): Promise<void> {
    await this.#ask({ kind: 'ping', id: this.#next++ })
  }

  /** Sends a signal. With `SIGKILL`, resolves when the process has exited. */
  async signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = signal === 'SIGKILL' ? once(this.#child, 'exit') : undefined
    this.#child.kill(signal)
    await gone
  }

  #call(input: unknown, { pause, ttlMs, patienceMs = 0 }: CalledWith) {
    const id = this.#next++
    const request: MakeCall = {
      kind: 'call',
      id,
      input,
      pause: pause ?? null,
      ttlMs: ttlMs ?? null,
      patienceMs,
    }
    let reached: () => void = () => undefined
    const paused = new Promise<void>((resolve) => (reached = resolve))
    const ended = this.#ask(request, reached).then((reply): Called => {
      if (reply.kind !== 'called') throw new CertifyError('the process sent an unexpected reply')
      return { outcome: reply.outcome, trace: reply.trace }
    })
    return { id, paused, ended }
  }

  #ask(request: Exclude<Request, Open>, paused: () => void = () => undefined): Promise<Reply> {
    if (!this.#child.connected) return Promise.reject(new CertifyError('a process of the app has ended'))
    return new Promise((settle, fail) => {
      const waiter: Waiter = {
        paused,
        settle: (reply) => (reply.kind === 'failed' ? fail(new CertifyError(reply.message)) : settle(reply)),
        fail,
      }
      this.#waiters.set(request.id, waiter)
      try {
        this.#send(request)
      } catch (cause) {
        this.#waiters.delete(request.id)
        fail(new CertifyError('the payload cannot be sent to another process: use plain data', { cause }))
      }
    })
  }

  #send(request: Request): void {
    // For a process that has exited, the `exit` event rejects the waiting calls.
    if (this.#child.connected) this.#child.send(request)
  }
}
