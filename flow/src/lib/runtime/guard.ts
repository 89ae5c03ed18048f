/** Passes a request that is not for a flow through the hooks: one rule says who may see what, for flows and the rest. */
import type { Awaitable, Clock, Logger } from '@flowport/capabilities'
import type { Metadata } from '../node.ts'
import { type Hook, runInfo } from './hooks.ts'
import type { RunRequest } from './run-host.ts'
import type { RunRng } from './run-view.ts'

/** Runs the hooks around `work`, which is given their metadata, as around a run of a flow named `name`. Rejects with what a hook or `work` threw. */
export async function guarded<T>(
  name: string,
  request: RunRequest,
  work: (metadata: Metadata) => Awaitable<T>,
  { hooks, clock, log, rng }: { hooks: readonly Hook[]; clock: Clock; log: Logger; rng: RunRng },
): Promise<T> {
  const id = rng.uuid()
  const ended = new AbortController()
  let known: Metadata = { 'flow.name': name, 'flow.run_id': id, ...request.metadata?.() }
  const info = () =>
    runInfo({ id, flow: name, version: '', metadata: Object.freeze(known), signal: ended.signal }, request)
  const startedAt = clock.monotonic()
  let error: Error | undefined
  try {
    for (const hook of hooks) {
      const added = await hook.before?.(info())
      if (added !== undefined) known = { ...known, ...added }
    }
    return await work(known)
  } catch (thrown) {
    error = thrown instanceof Error ? thrown : new Error(String(thrown))
    throw thrown
  } finally {
    ended.abort()
    const durationMs = clock.monotonic() - startedAt
    const outcome =
      error === undefined ? { ok: true as const, durationMs } : { ok: false as const, durationMs, error }
    for (const hook of hooks.toReversed()) {
      try {
        await hook.after?.(info(), outcome)
      } catch (failure) {
        log.error({ hook: hook.name, flow: name, err: failure }, 'a hook failed after a run')
      }
    }
  }
}
