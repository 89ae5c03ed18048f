/** Ambient access to the resources of a run, for code that a node cannot pass them to. Opt-in. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { CapabilityError } from './error.ts'
import type { ResourceBag } from './resource/bag.ts'

const ambient = new AsyncLocalStorage<ResourceBag>()

/** Calls `fn` with `bag` as the current resources, also for the async work it starts. Concurrent runs do not share them. */
export function runWithResources<R>(bag: ResourceBag, fn: () => R): R {
  return ambient.run(bag, fn)
}

/** Returns the bag of the innermost `runWithResources`. Throws `Misconfigured` outside of any. */
export function currentResources(): ResourceBag {
  const bag = ambient.getStore()
  if (bag !== undefined) return bag
  throw new CapabilityError(
    'Misconfigured',
    'there are no current resources here: call this inside runWithResources(bag, fn), and bind callbacks and streams ' +
      'that run later with bindResources or bindStream',
  )
}

/** Binds `fn` to the resources that are current now, for callbacks and stream sources that run later. */
export function bindResources<A extends readonly unknown[], R>(fn: (...args: A) => R): (...args: A) => R {
  const bag = currentResources()
  return (...args) => ambient.run(bag, () => fn(...args))
}

/** Binds reads of `source` to the resources that are current now, for iterables that outlive the run. */
export function bindStream<T>(source: AsyncIterable<T>): AsyncIterable<T> {
  const bag = currentResources()
  return {
    [Symbol.asyncIterator]() {
      const inner = ambient.run(bag, () => source[Symbol.asyncIterator]())
      return {
        next: () => ambient.run(bag, () => inner.next()),
        ...(inner.return && { return: (value?: unknown) => ambient.run(bag, () => end(inner, value)) }),
      }
    },
  }
}

async function end<T>(inner: AsyncIterator<T>, value: unknown): Promise<IteratorResult<T>> {
  return (await inner.return?.(value)) ?? { done: true, value }
}
