/** Delivers the messages of a queue once, and reports how each delivery ended. */
import type { Clock, Logger, Queue, Rng } from '@flowport/capabilities'
import type { QueueConsumer } from '../../delivery/consumers.ts'
import { heldMessage } from '../../delivery/held.ts'
import { type Delivery, deliverMessage } from '../../delivery/message.ts'
import type { Runtime } from '../../runtime/runtime.ts'

/**
 * How one delivery ended. `done`: acked. `retried`: failed, and ready again after `delayMs`. `rejected`: moved to the dead
 * letters.
 */
export type DeliveredForTest = Delivery & {
  readonly id: string
  readonly body: unknown
  /** 1 for the first delivery. */
  readonly attempt: number
}

interface Parts {
  readonly runtime: Runtime
  readonly queue: Queue
  readonly log: Logger
  readonly rng: Rng
  readonly clock: Clock
}

const defaultDeadlineMs = 30_000
const leaseMarginMs = 10_000

/** Sends `bodies`, then delivers everything that is ready. A message that is ready again at once waits for the next call. */
export async function deliverInTest(
  { runtime, queue, log, rng, clock }: Parts,
  consumer: QueueConsumer,
  bodies: readonly unknown[],
): Promise<readonly DeliveredForTest[]> {
  if (bodies.length > 0) await queue.sendBatch(bodies)
  const leaseMs = (consumer.trigger.deadlineMs ?? defaultDeadlineMs) + leaseMarginMs
  const { maxBatchMessages, maxDelayMs } = queue.info.limits
  const messages = []
  for (;;) {
    const page = await queue.receive({ limit: maxBatchMessages, leaseMs })
    messages.push(...page)
    if (page.length === 0) break
  }
  const delivered: DeliveredForTest[] = []
  for (const message of messages) {
    const options = { log, clock, random: () => rng.float(), maxDelayMs }
    const delivery = await deliverMessage(runtime, consumer, heldMessage(queue, message), options)
    const { id, body, attempt } = message
    delivered.push({ ...delivery, id, body, attempt })
  }
  return delivered
}
