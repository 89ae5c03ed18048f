/** Runs worker files in processes of their own, as Node runs them in production: no transform, no mocks. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface Child {
  readonly process: ChildProcess
  /** What it printed, as JSON; rejects when it failed or was killed. */
  readonly result: Promise<unknown>
  /** Resolves at its first line of output. */
  readonly started: Promise<void>
}

/** Starts `src/test/<worker>` with `[mode, args]`. `through` is a command to start it by, such as `['unshare', '-rm']`. */
export function startChild(
  worker: string,
  mode: string,
  args: unknown,
  through: readonly string[] = [],
): Child {
  const file = fileURLToPath(new URL(worker, import.meta.url))
  const [command = '', ...rest] = [...through, process.execPath, file, mode, JSON.stringify(args)]
  const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'pipe'] })
  let output = ''
  let errors = ''
  let markStarted: () => void = () => undefined
  const started = new Promise<void>((resolve) => {
    markStarted = resolve
  })
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString()
    if (output.includes('\n')) markStarted()
  })
  child.stderr.on('data', (data: Buffer) => {
    errors += data.toString()
  })
  const result = new Promise<unknown>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      const last = output.trim().split('\n').at(-1) ?? ''
      if (code === 0 && last !== '') resolve(JSON.parse(last))
      else reject(new Error(`worker ${mode} ended with ${code ?? signal}: ${errors}`))
    })
  })
  // Tests that kill it do not await it.
  result.catch(() => undefined)
  return { process: child, result, started }
}

/** Starts `count` children that differ in `index`, and resolves all their results. */
export function runChildren(count: number, worker: string, mode: string, args: object): Promise<unknown[]> {
  return Promise.all(
    Array.from({ length: count }, (_, index) => startChild(worker, mode, { ...args, index }).result),
  )
}

/** Kills it with SIGKILL, as a power button for one process, after `ms`; resolves when it is gone. */
export async function killAfter({ process: child, started }: Child, ms: number): Promise<void> {
  await started
  await new Promise((resolve) => setTimeout(resolve, ms))
  const gone = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGKILL')
  await gone
}
