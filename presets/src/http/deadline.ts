/** `within` bounds a wait by a clock, and leaves no timer behind. */
import { anySignal, CapabilityError, type Clock } from '@flowport/capabilities'

export interface Deadline {
  readonly clock: Clock
  /** Milliseconds. */
  readonly ms: number
  /** What was waited for, for the error. */
  readonly what: string
  readonly signal?: AbortSignal | undefined
}

/** What `work` resolves, or `Timeout` after `ms`; the signal it is given fires then too, or with the caller's. */
export async function within<T>(
  { clock, ms, what, signal }: Deadline,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  const done = new AbortController()
  clock.sleep(ms, { signal: done.signal }).then(
    () =>
      late.abort(
        new CapabilityError('Timeout', `${what} took longer than ${ms} ms`, { details: { timeoutMs: ms } }),
      ),
    // The rejection is the one asked for below.
    () => undefined,
  )
  const either = anySignal(signal, late.signal) ?? late.signal
  try {
    return await Promise.race([work(either), rejection(late.signal)])
  } finally {
    done.abort()
  }
}

/** Rejects when the signal fires, with its reason. */
function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
}
