/** Starts a consumer per queue flow and a scheduler per cron flow of an app, and stops them together. */
import type { Logger, ResourceBag } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import type { App, Runtime } from '@flowport/flow'
import { cronJobs, queueConsumers } from '@flowport/flow/delivery'
import { checkDeliveryNumbers } from '../numbers.ts'
import { consume } from './consumer.ts'
import type { DeliveryOptions } from './options.ts'
import { schedule } from './scheduler.ts'

export interface DeliveryParts {
  readonly app: App
  readonly bag: ResourceBag
  readonly runtime: Runtime
  readonly log: Logger
  readonly options: DeliveryOptions
}

export interface RunningDelivery {
  /**
   * Stops receiving. Resolves when all received messages are settled. Close the runtime at the same time, so that running
   * deliveries end.
   */
  stop(): Promise<void>
}

/** Starts delivering. Preflight has checked that every queue is bound. */
export function startDelivery({ app, bag, runtime, log, options }: DeliveryParts): RunningDelivery {
  checkDeliveryNumbers(options)
  const { clock = systemClock } = options
  const stopping = new AbortController()
  const common = { runtime, log, clock, options }
  const consumers = queueConsumers(app).map((consumer) =>
    consume({ ...common, consumer, queue: bag.require(`queue:${consumer.trigger.queue}`) }, stopping.signal),
  )
  const jobs = cronJobs(app)
  const dedupe = bag.get('dedupe')
  if (jobs.length > 0 && (dedupe?.info.reservation !== 'atomic' || dedupe.info.durability !== 'durable')) {
    const facts = { flows: jobs.map(({ flow }) => flow.name) }
    log.warn(facts, 'every process runs these schedules: no shared dedupe store is bound')
  }
  const schedules = jobs.map((job) => schedule({ ...common, app: app.name, job, dedupe }, stopping.signal))
  const ended = Promise.all([...consumers, ...schedules])
  return {
    async stop() {
      stopping.abort(new Error('the host is closing'))
      await ended
    },
  }
}
