/** `deliverBatch` delivers the messages a platform pushes together, each by itself. */
import { countRule } from '@flowport/capabilities'
import { checkNumber } from '../checked-number.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { QueueConsumer } from './consumers.ts'
import { type DeliveredMessage, type Delivery, deliverMessage, type DeliverOptions } from './message.ts'

export interface DeliverBatchOptions extends DeliverOptions {
  /** Most messages that are worked on at a time. Default: the trigger's. */
  readonly concurrency?: number
}

/** How many messages ended how. */
export type BatchSummary = Readonly<Record<Delivery['outcome'], number>>

/**
 * Delivers every message, started in order, at most `concurrency` at a time. Each is settled by itself as soon as it ends, so
 * that none waits for or suffers from another. Resolves when all are settled; rejects only for a bad `concurrency`, before
 * anything is delivered.
 */
export async function deliverBatch(
  runtime: Runtime,
  consumer: QueueConsumer,
  messages: readonly DeliveredMessage[],
  { concurrency = consumer.trigger.concurrency, ...options }: DeliverBatchOptions = {},
): Promise<BatchSummary> {
  checkNumber('concurrency', concurrency, countRule())
  const summary = { done: 0, retried: 0, rejected: 0, returned: 0, unsettled: 0 }
  const waiting = messages[Symbol.iterator]()
  const work = async () => {
    for (const message of waiting) {
      const { outcome } = await deliverMessage(runtime, consumer, message, options)
      summary[outcome] += 1
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, messages.length) }, work))
  return summary
}
