/** The real clock. */
import { afterTimers } from '../clock/after-timers.ts'
import type { Clock } from '../clock/contract.ts'
import { CapabilityError } from '../error.ts'
import type { PlainCapabilityInfo } from '../guarantees/info.ts'

export const systemClock: Clock & { readonly info: PlainCapabilityInfo } = {
  info: { provider: 'system', extensions: {} },
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, { signal } = {}) =>
    new Promise((resolve, reject) => {
      if (!Number.isFinite(ms)) return reject(notMilliseconds())
      if (signal?.aborted) return reject(signal.reason as Error)
      const onAbort = () => {
        stop()
        reject(signal?.reason as Error)
      }
      const stop = afterTimers(ms, () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      })
      signal?.addEventListener('abort', onAbort, { once: true })
    }),
}

function notMilliseconds(): CapabilityError {
  return new CapabilityError('InvalidInput', 'a sleep takes a finite number of milliseconds', {
    capability: 'clock',
    operation: 'sleep',
  })
}
