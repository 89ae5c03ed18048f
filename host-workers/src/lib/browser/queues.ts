/** Runs flows with queue triggers by polling the profile's queues, because a browser has no platform that delivers messages. */
import type { Queue } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import type { App } from '@flowport/flow'
import { deliverBatch, heldMessage, type QueueConsumer, queueConsumers } from '@flowport/flow/delivery'
import type { Opened } from '../opened.ts'

const deadlineMs = 30_000
const leaseMarginMs = 10_000
const renewedLeaseMs = 60_000
const firstIdleMs = 50
const longestIdleMs = 1_000
const longestOutageMs = 30_000

/** Consumes every queue until the signal fires. Resolves when every received message is settled. */
export async function startQueues(app: App, opened: Opened, stopped: AbortSignal): Promise<void> {
  await Promise.all(queueConsumers(app).map((consumer) => consume(opened, consumer, stopped)))
}

/** Delivers all waiting messages of every queue, including messages sent meanwhile. Resolves when the queues are empty. */
export async function deliverWaiting(app: App, opened: Opened): Promise<void> {
  let isEmpty = false
  while (!isEmpty && !opened.runtime.closing) {
    const taken = await Promise.all(queueConsumers(app).map((consumer) => deliverSome(opened, consumer)))
    isEmpty = taken.every((count) => count === 0)
  }
}

async function consume(opened: Opened, consumer: QueueConsumer, stopped: AbortSignal): Promise<void> {
  let pauseMs = firstIdleMs
  while (!stopped.aborted && !opened.runtime.closing) {
    try {
      if ((await deliverSome(opened, consumer, stopped)) > 0) {
        pauseMs = firstIdleMs
        continue
      }
      await pause(pauseMs, stopped)
      pauseMs = Math.min(longestIdleMs, pauseMs * 2)
    } catch (error) {
      if (stopped.aborted) return
      pauseMs = Math.min(longestOutageMs, Math.max(longestIdleMs, pauseMs * 2))
      const { queue } = consumer.trigger
      opened.log.error({ err: error, queue, pauseMs }, 'messages cannot be received from the queue')
      await pause(pauseMs, stopped)
    }
  }
}

/** Receives up to the trigger's concurrency of messages and settles them. Resolves to their number. */
async function deliverSome(
  { bag, runtime, log }: Opened,
  consumer: QueueConsumer,
  signal?: AbortSignal,
): Promise<number> {
  const { trigger } = consumer
  const queue: Queue = bag.require(`queue:${trigger.queue}`)
  const wholeMs = (trigger.deadlineMs ?? deadlineMs) + leaseMarginMs
  const { features, limits } = queue.info
  // A renewed lease can be short, so that messages of a closed page are soon delivered again.
  const leaseMs = Math.min(features.renew ? renewedLeaseMs : wholeMs, wholeMs, limits.maxLeaseMs ?? wholeMs)
  const messages = await queue.receive({
    limit: Math.min(trigger.concurrency, limits.maxBatchMessages),
    leaseMs,
    ...(signal === undefined ? {} : { signal }),
  })
  const held = messages.map((message) => heldMessage(queue, message))
  await deliverBatch(runtime, consumer, held, { log, deadlineMs, leaseMs, maxDelayMs: limits.maxDelayMs })
  return messages.length
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // The signal ends the pause; the caller checks it next.
  await systemClock.sleep(ms, { signal }).catch(() => undefined)
}
