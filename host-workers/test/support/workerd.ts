/** A Worker in a workerd of its own, bundled from its wrangler file, on a free port of loopback. */
import { createTestHarness, type TestHarness } from 'wrangler'
import { resolve } from 'node:path'

export interface RunningWorker {
  readonly url: string
  readonly harness: TestHarness
  ask(path: string, init?: RequestInit): Promise<Response>
  close(): Promise<void>
}

/** Serves the Worker of a wrangler file in the `test` folder. */
export async function serveWorker(
  configPath: string,
  vars: Readonly<Record<string, string>> = {},
): Promise<RunningWorker> {
  const root = resolve(import.meta.dirname, '..')
  const harness = createTestHarness({ root, workers: [{ configPath, vars }] })
  const { url } = await harness.listen()
  const base = url.href.replace(/\/$/, '')
  return {
    url: base,
    harness,
    ask: (path, init) => fetch(base + path, init),
    close: () => harness.close(),
  }
}
