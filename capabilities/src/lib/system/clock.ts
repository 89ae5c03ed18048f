/** The real clock. */
import type { Clock } from '../clock/contract.ts'
import type { PlainCapabilityInfo } from '../guarantees/info.ts'

export const systemClock: Clock & { readonly info: PlainCapabilityInfo } = {
  info: { provider: 'system', extensions: {} },
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, { signal } = {}) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error)
      const onAbort = () => {
        clearTimeout(timer)
        reject(signal?.reason as Error)
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }, ms)
      signal?.addEventListener('abort', onAbort, { once: true })
    }),
}
