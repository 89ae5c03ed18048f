/** Delivers the message batches and schedules that the platform pushes to the flows with these triggers. */
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

/** A message as the platform passes it. */
export interface PlatformMessage {
  readonly id: string
  readonly timestamp: Date
  readonly body: unknown
  /** Number of this delivery, from 1. */
  readonly attempts: number
  ack(): void
  retry(options?: { readonly delaySeconds?: number }): void
}

/** A batch as the platform passes it. */
export interface PlatformBatch {
  /** The queue's name on the platform. */
  readonly queue: string
  readonly messages: readonly PlatformMessage[]
}

/** A due schedule as the platform passes it. */
export interface PlatformSchedule {
  readonly cron: string
  /** Milliseconds since the epoch. */
  readonly scheduledTime: number
}

export interface DeliverySettings {
  /**
   * Maps queue names on the platform to the names that flows use: `{ 'shop-orders-staging': 'orders' }`. Default: the names are
   * the same.
   */
  readonly queues?: Readonly<Record<string, string>>
  /**
   * Deadline of a delivery or a scheduled run in milliseconds, if its trigger declares none. The platform ends them after 15
   * minutes. Default 600 000.
   */
  readonly deliveryDeadlineMs?: number
}

type WaitUntil = (work: Promise<unknown>) => void

/** Longest retry delay of the platform in milliseconds: 12 hours, https://developers.cloudflare.com/queues/platform/limits/. */
const maxDelayMs = 12 * 3_600_000

/**
 * Delivers and settles each message of a batch separately: acknowledges a success, and retries a failure after a pause. After
 * the consumer's `max_retries`, the platform moves a message to the dead-letter queue. Throws for a queue that no flow
 * consumes, so that the platform retries the whole batch.
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
      `no flow consumes queue "${batch.queue}": flows consume ${known.join(', ') || 'none'}; use the same name, or map it with the option "queues"`,
    )
  }
  await deliverBatch(runtime, consumer, batch.messages.map(delivered), {
    log,
    deadlineMs: deliveryDeadlineMs,
    maxDelayMs,
    waitUntil,
  })
}

/** Runs every flow with this schedule. Throws the failures when all runs have ended, to report them to the platform. */
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
