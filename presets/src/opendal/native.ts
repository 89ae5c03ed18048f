/** Calls into OpenDAL: its errors translated, and a wait that ends with the caller's signal although the call itself cannot. */
import { cancelledRead, notApplied } from '@flowport/capabilities'
import type { Place } from './place.ts'
import { translateOpenDalError } from './translate-error.ts'

/**
 * Resolves with the call's result. When the signal fires first, it rejects immediately with `Cancelled`. OpenDAL does
 * not stop the call; its late result goes to `onLate`, or is dropped without one.
 */
export async function native<T>(
  call: () => Promise<T>,
  where: Place,
  signal: AbortSignal | undefined,
  onLate?: (outcome: PromiseSettledResult<T>) => void,
): Promise<T> {
  const place = toPlace(where)
  if (signal?.aborted) throw notApplied(cancelledRead(signal, place))
  try {
    // Arguments OpenDAL does not take are thrown here, before there is a promise.
    const running = call()
    return signal === undefined ? await running : await untilAborted(running, signal, onLate)
  } catch (error) {
    if (signal?.aborted) throw cancelledRead(signal, place)
    throw translateOpenDalError(error, where)
  }
}

function untilAborted<T>(
  running: Promise<T>,
  signal: AbortSignal,
  onLate: ((outcome: PromiseSettledResult<T>) => void) | undefined,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let waiting = true
    const onAbort = () => {
      waiting = false
      reject(signal.reason as Error)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    running.then(
      (value) => {
        signal.removeEventListener('abort', onAbort)
        if (waiting) resolve(value)
        else onLate?.({ status: 'fulfilled', value })
      },
      (reason: unknown) => {
        signal.removeEventListener('abort', onAbort)
        if (waiting) reject(reason)
        else onLate?.({ status: 'rejected', reason })
      },
    )
  })
}

/** `where` as the shared helpers take it. */
export function toPlace({ capability, operation, key }: Place): {
  readonly capability: string
  readonly operation: string
  readonly key?: string
} {
  return key === undefined ? { capability, operation } : { capability, operation, key }
}
