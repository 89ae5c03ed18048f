/** One call to a Durable Object: on a stub of its own, let go when the caller's signal fires, its errors translated. */
import { CapabilityError, type DriverCall, notApplied } from '@flowport/capabilities'
import { type Outcome, valueOf } from './outcome.ts'
import { translateError } from './translate-error.ts'

/**
 * The platform's own repeats of a call: none. The `retry` layer decides that, and two of them would multiply:
 * https://developers.cloudflare.com/durable-objects/best-practices/automatic-retries/
 */
export const noNativeRetry = { maxRetries: 0 } as const

/**
 * Asks an object. `open` makes the stub: a new one for each call, because one that has failed may stay broken. When the
 * signal fires the caller is let go; the object finishes what it has begun.
 */
export async function callObject<Stub, T>(
  open: () => Stub,
  { signal }: DriverCall,
  ask: (stub: Stub) => PromiseLike<Outcome<T>>,
): Promise<T> {
  if (signal?.aborted === true) throw notApplied(letGo(signal))
  try {
    const asked = ask(open())
    return valueOf(await (signal === undefined ? asked : raced(asked, signal)))
  } catch (error) {
    throw translateError(error)
  }
}

function raced<T>(asked: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(letGo(signal))
    signal.addEventListener('abort', onAbort, { once: true })
    const done = () => signal.removeEventListener('abort', onAbort)
    // Handled also after the signal has fired: a late rejection that nobody handles would be reported.
    asked.then(
      (value) => {
        done()
        resolve(value)
      },
      (error: unknown) => {
        done()
        reject(error)
      },
    )
  })
}

function letGo(signal: AbortSignal): CapabilityError {
  return new CapabilityError('Cancelled', 'the caller cancelled the operation', { cause: signal.reason })
}
