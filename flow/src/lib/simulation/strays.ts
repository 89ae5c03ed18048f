/** Finds strays: timers and I/O that a simulated flow starts past the clock and the stores it was handed. */

/** What a flow did past the simulation. */
export interface Stray {
  /** Node's name of the resource, such as `Timeout` or `TCPWRAP`. */
  readonly type: string
  /** The first line of code outside Node that led to it. */
  readonly at: string
}

export interface StrayGuard {
  readonly found: readonly Stray[]
  /** Watches what `work` starts. */
  watch<T>(work: () => Promise<T>): Promise<T>
  /** Runs what the simulation itself starts. */
  own<T>(work: () => T): T
}

interface AsyncHooks {
  readonly createHook: (hooks: { init(id: number, type: string): void }) => {
    enable(): void
    disable(): void
  }
  readonly AsyncLocalStorage: new () => { getStore(): unknown; run<T>(store: unknown, work: () => T): T }
}

/** Jobs of promises, which are drained between events. */
const drained = new Set(['PROMISE', 'TickObject', 'Microtask'])

/** Node opens the process's own output when it is first needed, which may be during a schedule. */
const opensStdio = /process\.getStd(?:out|err)/

/** A guard where the platform can watch (Node); elsewhere one that finds nothing. */
export function createStrayGuard(): StrayGuard {
  const found: Stray[] = []
  const hooks = asyncHooks()
  if (hooks === undefined) return { found, watch: (work) => work(), own: (work) => work() }
  const { createHook, AsyncLocalStorage } = hooks
  const inside = new AsyncLocalStorage()
  let isOwn = false
  const hook = createHook({
    init(_id, type) {
      if (isOwn || drained.has(type) || inside.getStore() !== true) return
      const { stack = '' } = new Error(type)
      if (found.length < 10 && !opensStdio.test(stack)) found.push({ type, at: placeIn(stack) })
    },
  })
  return {
    found,
    async watch(work) {
      hook.enable()
      try {
        return await inside.run(true, work)
      } finally {
        hook.disable()
      }
    },
    own(work) {
      isOwn = true
      try {
        return work()
      } finally {
        isOwn = false
      }
    },
  }
}

function asyncHooks(): AsyncHooks | undefined {
  const { process } = globalThis as {
    readonly process?: { readonly getBuiltinModule?: (name: string) => unknown }
  }
  return process?.getBuiltinModule?.('node:async_hooks') as AsyncHooks | undefined
}

function placeIn(stack: string): string {
  const lines = stack.split('\n').slice(1)
  const outside = lines.find((line) => !/node:|\/simulation\/strays|<anonymous>/.test(line))
  return (outside ?? 'a place that the stack does not show').replace(/^\s*at\s+/, '')
}
