/** Runs cron flows by a clock that the test moves. */
import type { Clock, Logger } from '@flowport/capabilities'
import { ManualClock } from '@flowport/capabilities/memory'
import { type CronJob, cronJobs } from '../../delivery/consumers.ts'
import { deliverSchedule, type ScheduleOutcome } from '../../delivery/schedule.ts'
import type { AnyFlow } from '../../flow.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { nextDue } from './next-due.ts'

/** One run of a cron flow. */
export type TickedRun = ScheduleOutcome & {
  /** The flow's name. */
  readonly flow: string
  readonly scheduledAt: Date
}

interface Parts {
  readonly runtime: Runtime
  readonly clock: Clock
  readonly log: Logger
}

/** Runs one job at its next moment. */
export async function tickFlow(parts: Parts, job: CronJob): Promise<readonly TickedRun[]> {
  const due = nextDue(job.trigger, parts.clock.now())
  if (due === null) throw new TypeError(`flow "${job.flow.name}" is never due: ${job.trigger.cron}`)
  return [await runAt(parts, job, due)]
}

/** Runs every job at each of its moments after now and up to `until`, one after the other. */
export async function tickUntil(
  parts: Parts,
  app: { readonly flows: readonly AnyFlow[] },
  until: Date,
): Promise<readonly TickedRun[]> {
  const end = until.getTime()
  const start = parts.clock.now()
  if (!(end >= start)) throw new RangeError('tick(until): the moment must not be before the clock')
  const due = cronJobs(app).flatMap((job) => {
    const moments: { readonly job: CronJob; readonly at: number }[] = []
    for (let at = nextDue(job.trigger, start, end); at !== null; at = nextDue(job.trigger, at, end))
      moments.push({ job, at })
    return moments
  })
  const runs: TickedRun[] = []
  for (const { job, at } of due.sort((a, b) => a.at - b.at)) runs.push(await runAt(parts, job, at))
  await advanceTo(parts.clock, end)
  return runs
}

async function runAt({ runtime, clock, log }: Parts, job: CronJob, due: number): Promise<TickedRun> {
  await advanceTo(clock, due)
  const scheduledAt = new Date(due)
  const outcome = await deliverSchedule(runtime, job, { scheduledAt, log })
  return { ...outcome, flow: job.flow.name, scheduledAt }
}

async function advanceTo(clock: Clock, moment: number): Promise<void> {
  if (!(clock instanceof ManualClock))
    throw new TypeError('tick() needs a ManualClock, the default of testApp')
  await clock.advance(Math.max(0, moment - clock.now()))
}
