/** A layer that passes each run's resource calls to the run's watcher, which can trace them, pause them or answer them. */
import type { Call, Layer, Next } from '@flowport/capabilities'
import { AsyncLocalStorage } from 'node:async_hooks'

export interface Watcher {
  around<T>(call: Call, next: Next<T>): Promise<T>
}

const watchers = new AsyncLocalStorage<Watcher>()

/** Passes calls through unchanged when no watcher is set. */
export const watchedCalls: Layer = {
  name: 'certify',
  around(call, next) {
    const watcher = watchers.getStore()
    return watcher === undefined ? next(call) : watcher.around(call, next)
  },
}

/** Runs `work` with `watcher` receiving every resource call it makes. */
export function watchedBy<T>(watcher: Watcher, work: () => T): T {
  return watchers.run(watcher, work)
}

/** Returns resource and operation, such as `dedupe.begin`. */
export function labelOf({ capability, operation }: Call): string {
  return `${capability}.${operation}`
}
