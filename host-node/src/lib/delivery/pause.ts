/** A sleep that a stop signal cuts short. */
import type { Clock } from '@flowport/capabilities'

/** Resolves after `ms`, or as soon as the signal fires. Never rejects. */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
