/** Starts a server script in a separate process that can be killed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface ServerProcess {
  readonly url: string
  /** Ends the process with SIGKILL. Resolves when it has exited. */
  kill(): Promise<void>
}

/** Resolves when the script has printed its address. */
export async function startServerProcess(
  script: string,
  vars: Readonly<Record<string, string>>,
): Promise<ServerProcess> {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [script], {
    env: { PATH, HOME, ...vars },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const [url] = (await Promise.race([
    once(child.stdout, 'data'),
    exited.then(([code]) => {
      throw new Error(`the server ended with ${String(code)}`)
    }),
  ])) as [Buffer]
  return {
    url: url.toString().trim(),
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
