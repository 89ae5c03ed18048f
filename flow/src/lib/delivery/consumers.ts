/** The flows of an app that hosts deliver to: by queue, by schedule. */
import { normalCron } from '../cron-expression.ts'
import type { AnyFlow } from '../flow.ts'
import type { CronTrigger, QueueTrigger } from '../trigger.ts'

/** A flow and the queue it consumes. */
export interface QueueConsumer {
  readonly flow: AnyFlow
  readonly trigger: QueueTrigger
}

/** A flow and the schedule it runs by. */
export interface CronJob {
  readonly flow: AnyFlow
  readonly trigger: CronTrigger
}

interface Flows {
  readonly flows: readonly AnyFlow[]
}

/** One consumer per flow with a queue trigger, in the order of the app. Validation keeps them to one per queue. */
export function queueConsumers({ flows }: Flows): readonly QueueConsumer[] {
  return flows.flatMap((flow) => (flow.trigger.kind === 'queue' ? [{ flow, trigger: flow.trigger }] : []))
}

/** One job per flow with a cron trigger, in the order of the app. Several may share an expression. */
export function cronJobs({ flows }: Flows): readonly CronJob[] {
  return flows.flatMap((flow) => (flow.trigger.kind === 'cron' ? [{ flow, trigger: flow.trigger }] : []))
}

/** The jobs that a platform means by an expression, such as a Worker's `controller.cron`. */
export function jobsFor(jobs: readonly CronJob[], cron: string): readonly CronJob[] {
  const wanted = normalCron(cron)
  return jobs.filter(({ trigger }) => trigger.cron === wanted)
}
