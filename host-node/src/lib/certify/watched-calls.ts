/** A layer that shows each run's calls of resources to whoever watches the run: to trace them, to pause, to repeat answers. */
import type { Call, Layer, Next } from '@flowport/capabilities'
import { AsyncLocalStorage } from 'node:async_hooks'

export interface Watcher {
  around<T>(call: Call, next: Next<T>): Promise<T>
}

const watchers = new AsyncLocalStorage<Watcher>()

/** Passes the calls that nobody watches. */
export const watchedCalls: Layer = {
  name: 'certify',
  around(call, next) {
    const watcher = watchers.getStore()
    return watcher === undefined ? next(call) : watcher.around(call, next)
  },
}

/** Runs `work`; the watcher sees every call that comes from it. */
export function watchedBy<T>(watcher: Watcher, work: () => T): T {
  return watchers.run(watcher, work)
}

/** Resource and operation, such as `dedupe.begin`. */
export function labelOf({ capability, operation }: Call): string {
  return `${capability}.${operation}`
}
