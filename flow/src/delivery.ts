/** Delivering messages and scheduled runs to flows, on any host: what consumers and schedulers of hosts are made of. */
export { type BatchSummary, deliverBatch, type DeliverBatchOptions } from './lib/delivery/batch.ts'
export {
  type CronJob,
  cronJobs,
  jobsFor,
  type QueueConsumer,
  queueConsumers,
} from './lib/delivery/consumers.ts'
export { heldMessage } from './lib/delivery/held.ts'
export {
  type DeliveredMessage,
  type Delivery,
  deliverMessage,
  type DeliverOptions,
} from './lib/delivery/message.ts'
export {
  deadlinesBeyondLease,
  type Platform,
  schedulesBesideUtc,
  workersPlatform,
} from './lib/delivery/platform.ts'
export { deliverSchedule, type ScheduleOptions, type ScheduleOutcome } from './lib/delivery/schedule.ts'
