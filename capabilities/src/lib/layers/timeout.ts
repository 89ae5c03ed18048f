/** Bounds the wait for an answer. Inside `retry` it bounds each try, outside of it all of them. */
import { after } from '../clock/after.ts'
import type { Clock } from '../clock/contract.ts'
import { CapabilityError } from '../error.ts'
import { type Call, isImmediate, isReplayable, type Layer } from '../layer.ts'
import { anySignal } from '../stream.ts'
import { systemClock } from '../system/clock.ts'
import { checkNumbers, timerRule } from '../numbers.ts'

export interface TimeoutOptions {
  /** Milliseconds to wait for the answer, 1 to 2 147 483 647. */
  readonly timeoutMs: number
  /**
   * Operations that only their deadline bounds, such as `['put', 'copy']` on stores of large objects, where what takes
   * long may be well. Default none.
   */
  readonly except?: readonly string[]
  /** Default the system clock. */
  readonly clock?: Clock
}

/**
 * Rejects with `Timeout` after `timeoutMs`, or at the call's deadline if that is sooner, whether or not the driver
 * listens to the signal it is given. What bounds the answer does not bound a stream inside it: that has the caller's
 * signal. When a write that must not be repeated times out, `details.outcome` is `'unknown'`.
 */
export function timeout({ timeoutMs, except = [], clock = systemClock }: TimeoutOptions): Layer {
  checkNumbers('timeout', { timeoutMs }, { timeoutMs: timerRule(1) })
  return {
    name: 'timeout',
    around<T>(call: Call, next: (call: Call) => Promise<T>): Promise<T> {
      const remainingMs = call.deadline === undefined ? Infinity : call.deadline - clock.now()
      if (remainingMs <= 0) return Promise.reject(notStarted(call))
      const limitMs = except.includes(call.operation) ? Infinity : timeoutMs
      if (limitMs === Infinity && remainingMs === Infinity) return next(call)
      const controller = new AbortController()
      const answer = next({ ...call, signal: anySignal(call.signal, controller.signal) })
      if (isImmediate(answer)) return answer
      return new Promise<T>((resolve, reject) => {
        // One timer per call, and none shared between calls: workerd ends a timer with the request that started it.
        let late = false
        const stop = after(clock, Math.min(limitMs, remainingMs), () => {
          late = true
          const error = timedOut(call, limitMs, remainingMs)
          reject(error)
          controller.abort(error)
        })
        // Both handlers stay after the timer has fired: what the driver says then comes too late to matter, but a late
        // rejection that nobody handles would end the process, and a late stream that nobody reads would stay open.
        answer.then(
          (value) => {
            if (late) return letGo(value)
            stop()
            resolve(value)
          },
          (error: unknown) => {
            stop()
            reject(error)
          },
        )
      })
    },
  }
}

function timedOut(call: Call, timeoutMs: number, remainingMs: number): CapabilityError {
  const within = remainingMs < timeoutMs ? 'by the deadline' : `within ${timeoutMs} ms`
  const unknown = call.effect === 'write' && !isReplayable(call)
  const outcome = unknown ? '; the write may or may not have happened: look before repeating it' : ''
  return new CapabilityError('Timeout', `no answer ${within}${outcome}`, {
    capability: call.capability,
    operation: call.operation,
    key: call.key,
    applied: call.effect === 'write' ? 'unknown' : 'no',
    details: {
      ...(remainingMs < timeoutMs ? { deadline: true } : { timeoutMs }),
      ...(unknown ? { outcome: 'unknown' } : {}),
    },
  })
}

function notStarted({ capability, operation, key }: Call): CapabilityError {
  return new CapabilityError('Timeout', 'the deadline had passed before the call began; nothing was done', {
    capability,
    operation,
    key,
    applied: 'no',
    details: { deadline: true, outcome: 'not_started' },
  })
}

/** Cancels the stream of an opened blob or a response. */
function letGo(answer: unknown): void {
  if (typeof answer !== 'object' || answer === null || !('body' in answer)) return
  if (answer.body instanceof ReadableStream) answer.body.cancel().catch(() => undefined)
}
