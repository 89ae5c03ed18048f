/** Keeps the lease of a message while its run works, so that a long delivery is not handed to another receiver. */
import { type Awaitable, type Clock, every, type Logger } from '@flowport/capabilities'
import { describeThrown } from '../runtime/errors.ts'

export interface KeptLease {
  readonly leaseMs: number
  readonly clock: Clock
  readonly log: Logger
  /** What the log says of the message. */
  readonly facts: Readonly<Record<string, unknown>>
}

/**
 * Renews after every third of the lease until the returned function is called, or the message belongs to another. A renewal
 * that fails is logged, and the next one tries again.
 */
export function keepLease(
  renew: (leaseMs: number) => Awaitable<boolean>,
  { leaseMs, clock, log, facts }: KeptLease,
): () => void {
  let isAsking = false
  let isOver = false
  const stopTimer = every(clock, leaseMs / 3, () => void extend())
  const stop = () => {
    isOver = true
    stopTimer()
  }

  async function extend(): Promise<void> {
    if (isAsking) return
    isAsking = true
    try {
      if ((await renew(leaseMs)) || isOver) return
      stop()
      log.warn(facts, 'the lease of a message was lost while it was worked on: another receiver may have it')
    } catch (error) {
      if (!isOver)
        log.warn({ ...facts, err: error }, `the lease of a message was not renewed: ${describeThrown(error)}`)
    } finally {
      isAsking = false
    }
  }

  return stop
}
