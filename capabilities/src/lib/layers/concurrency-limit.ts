/** Bounds how many calls are under way at once; more wait their turn, first come, first served. */
import { CapabilityError } from '../error.ts'
import { cancelled } from '../cancelled.ts'
import { type Call, isImmediate, type Layer } from '../layer.ts'
import { checkNumbers, countRule } from '../numbers.ts'

export interface ConcurrencyLimitOptions {
  /** Most calls under way at once. */
  readonly limit: number
  /** Most calls waiting; one more is `Unavailable`. 0: nobody waits. */
  readonly maxQueued: number
}

/**
 * Lets `limit` calls through at a time. One layer object is one limit: resources that share it share the places. A call
 * holds its place until it settles; reading a stream it answered with is no longer part of it.
 */
export function concurrencyLimit({ limit, maxQueued }: ConcurrencyLimitOptions): Layer {
  checkNumbers('concurrencyLimit', { limit, maxQueued }, { limit: countRule(), maxQueued: countRule(0) })
  let active = 0
  // A Set keeps the order of coming, and a call that was cancelled leaves it without a search.
  const waiting = new Set<() => void>()

  function leave(): void {
    const [first] = waiting
    if (first === undefined) {
      active -= 1
      return
    }
    waiting.delete(first)
    first()
  }

  function watch<T>(answer: Promise<T>): Promise<T> {
    answer.then(leave, leave)
    return answer
  }

  function queued<T>(call: Call, next: (call: Call) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        waiting.delete(start)
        reject(cancelled(call, 'no'))
      }
      const start = () => {
        call.signal?.removeEventListener('abort', onAbort)
        resolve(watch(next(call)))
      }
      waiting.add(start)
      call.signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  return {
    name: 'concurrencyLimit',
    around(call, next) {
      if (call.signal?.aborted) return Promise.reject(cancelled(call, 'no'))
      if (active < limit) {
        active += 1
        const answer = next(call)
        if (!isImmediate(answer)) return watch(answer)
        leave()
        return answer
      }
      return waiting.size < maxQueued ? queued(call, next) : Promise.reject(overflow(call, limit, maxQueued))
    },
  }
}

function overflow({ capability, operation, key }: Call, limit: number, maxQueued: number): CapabilityError {
  return new CapabilityError(
    'Unavailable',
    `${limit} calls are under way and ${maxQueued} wait: try again later, or raise limit or maxQueued`,
    { capability, operation, key, applied: 'no', details: { limit, maxQueued, outcome: 'not_started' } },
  )
}
