/** What the platform pushes, batches of messages and schedules, to the flows that ask for it. */
import type { App } from '@flowport/flow'
import {
  cronJobs,
  type DeliveredMessage,
  deliverBatch,
  deliverSchedule,
  jobsFor,
  queueConsumers,
} from '@flowport/flow/delivery'
import type { Opened } from './opened.ts'

/** A message as the platform hands it over. */
export interface PlatformMessage {
  readonly id: string
  readonly timestamp: Date
  readonly body: unknown
  /** 1 for the first delivery. */
  readonly attempts: number
  ack(): void
  retry(options?: { readonly delaySeconds?: number }): void
}

/** A batch as the platform hands it over. */
export interface PlatformBatch {
  /** The queue's name on the platform. */
  readonly queue: string
  readonly messages: readonly PlatformMessage[]
}

/** A schedule that is due. */
export interface PlatformSchedule {
  readonly cron: string
  /** Milliseconds since the epoch. */
  readonly scheduledTime: number
}

export interface DeliverySettings {
  /**
   * Names of queues on the platform to the names flows use, where they differ: `{ 'shop-orders-staging': 'orders' }`.
   * Default: a queue is named alike.
   */
  readonly queues?: Readonly<Record<string, string>>
  /**
   * Milliseconds a delivery or a scheduled run may work, where its trigger does not say. Default 600 000; the platform
   * ends them after 15 minutes.
   */
  readonly deliveryDeadlineMs?: number
}

type WaitUntil = (work: Promise<unknown>) => void

/** Longest pause the platform takes: 12 hours, https://developers.cloudflare.com/queues/platform/limits/. */
const maxDelayMs = 12 * 3_600_000

/**
 * Delivers every message of a batch by itself: done is acked, failed is retried after a pause. Past `max_retries` of its
 * consumer the platform moves a message to the dead letter queue. A queue no flow consumes is an error: all of it is
 * retried.
 */
export async function deliverPlatformBatch(
  app: App,
  { runtime, log }: Opened,
  batch: PlatformBatch,
  { queues = {}, deliveryDeadlineMs = 600_000 }: DeliverySettings,
  waitUntil: WaitUntil,
): Promise<void> {
  const wanted = Object.hasOwn(queues, batch.queue) ? queues[batch.queue] : batch.queue
  const consumer = queueConsumers(app).find(({ trigger }) => trigger.queue === wanted)
  if (consumer === undefined) {
    const known = queueConsumers(app).map(({ trigger }) => trigger.queue)
    throw new Error(
      `no flow consumes queue "${batch.queue}": flows consume ${known.join(', ') || 'none'}; name the queue alike, or map it with the option "queues"`,
    )
  }
  await deliverBatch(runtime, consumer, batch.messages.map(delivered), {
    log,
    deadlineMs: deliveryDeadlineMs,
    maxDelayMs,
    waitUntil,
  })
}

/** Runs every flow whose schedule this is. What fails is told to the platform when all have ended. */
export async function runPlatformSchedule(
  app: App,
  { runtime, log }: Opened,
  { cron, scheduledTime }: PlatformSchedule,
  { deliveryDeadlineMs = 600_000 }: DeliverySettings,
  waitUntil: WaitUntil,
): Promise<void> {
  const jobs = jobsFor(cronJobs(app), cron)
  if (jobs.length === 0) {
    const known = cronJobs(app).map(({ trigger }) => `"${trigger.cron}"`)
    throw new Error(`no flow has the schedule "${cron}": flows have ${known.join(', ') || 'none'}`)
  }
  const options = { scheduledAt: new Date(scheduledTime), log, deadlineMs: deliveryDeadlineMs, waitUntil }
  const outcomes = await Promise.all(jobs.map((job) => deliverSchedule(runtime, job, options)))
  const failures = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.error]))
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} scheduled runs failed`)
}

function delivered(message: PlatformMessage): DeliveredMessage {
  const { id, body, attempts, timestamp } = message
  return {
    id,
    body,
    attempt: attempts,
    sentAt: timestamp,
    ack: () => message.ack(),
    retry: ({ delayMs }) => message.retry({ delaySeconds: Math.ceil(delayMs / 1000) }),
  }
}
