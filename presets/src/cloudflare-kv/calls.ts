/** What both drivers do around a call: check what the portable type leaves to them, end waits, share out work. */
import { CapabilityError, type DriverCall, maybeApplied, utf8Length } from '@flowport/capabilities'
import { cloudflareKvLimits, minCacheTtlSeconds } from './info.ts'

/** Connections a Worker may have open at once: https://developers.cloudflare.com/workers/platform/limits/ */
const connections = 6

/** Refuses a cache time the platform would refuse. */
export function checkCacheTtl(seconds: number | undefined): void {
  if (seconds === undefined || (Number.isSafeInteger(seconds) && seconds >= minCacheTtlSeconds)) return
  throw new CapabilityError(
    'InvalidInput',
    `cacheTtlSeconds must be a whole number of at least ${minCacheTtlSeconds}: the platform caches no shorter`,
    { details: { limit: 'minCacheTtlSeconds', min: minCacheTtlSeconds } },
  )
}

/** Whether any key can start so. The platform refuses longer prefixes. */
export function canStartKey(prefix: string): boolean {
  return utf8Length(prefix) <= cloudflareKvLimits.maxKeyBytes
}

/** `answer`, or the signal's reason as soon as it fires. The platform goes on with what it has begun. */
export function untilAborted<T>(answer: Promise<T>, { signal }: DriverCall): Promise<T> {
  if (signal === undefined) return answer
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** Does `work` for each item, few at a time; the first failure ends it, and so does the signal. */
export async function inParallel<T>(
  items: Iterable<T>,
  { signal }: DriverCall,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items].values()
  let failed = false
  let begun = 0
  const worker = async () => {
    for (const item of queue) {
      if (failed) return
      signal?.throwIfAborted()
      begun += 1
      await work(item).catch((error: unknown) => {
        failed = true
        // The others were done, or are still under way.
        throw begun === 1 ? error : maybeApplied(error)
      })
    }
  }
  await Promise.all(Array.from({ length: connections }, worker))
}
