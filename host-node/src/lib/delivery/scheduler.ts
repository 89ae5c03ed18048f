/** Runs one cron job whenever it is due. The next stop is `deliverSchedule`. */
import type { Clock, DedupeStore, Logger } from '@flowport/capabilities'
import type { Runtime } from '@flowport/flow'
import { type CronJob, deliverSchedule } from '@flowport/flow/delivery'
import type { DeliveryOptions } from './options.ts'
import { pause } from './pause.ts'
import { dueAfter } from './schedule.ts'

export interface SchedulerParts {
  readonly app: string
  readonly runtime: Runtime
  readonly job: CronJob
  /** Decides which of several processes runs a job. Without it, every process does. */
  readonly dedupe: DedupeStore | undefined
  readonly log: Logger
  readonly clock: Clock
  readonly options: DeliveryOptions
}

/** Milliseconds after which the clock is read again, because it may be set or the machine may sleep. */
const lookMs = 60_000
/** A run that is overdue by more milliseconds than this is skipped. */
const lateMs = 60_000
/** Milliseconds that a process's claim on a run is kept: longer than the clocks of two processes differ. */
const claimMs = 86_400_000

/** Schedules until the signal fires. Resolves when the last run has ended. */
export async function schedule(parts: SchedulerParts, stopped: AbortSignal): Promise<void> {
  const { job, log, clock, runtime } = parts
  const next = dueAfter(job.trigger)
  const facts = { flow: job.flow.name, cron: job.trigger.cron }
  let running: Promise<void> | undefined
  let due = next(clock.now())
  while (due !== null) {
    await until(clock, due, stopped)
    if (stopped.aborted || runtime.closing) break
    const scheduledAt = new Date(due)
    if (clock.now() - due > lateMs) log.warn({ ...facts, scheduledAt }, 'a scheduled run was missed')
    else if (running !== undefined)
      log.warn({ ...facts, scheduledAt }, 'a scheduled run was skipped: the previous one is still running')
    else
      running = run(parts, scheduledAt).finally(() => {
        running = undefined
      })
    due = next(Math.max(due, clock.now()))
  }
  if (due === null) log.warn(facts, 'no future date matches the schedule')
  await running
}

async function until(clock: Clock, due: number, stopped: AbortSignal): Promise<void> {
  for (let left = due - clock.now(); left > 0 && !stopped.aborted; left = due - clock.now()) {
    await pause(clock, Math.min(left, lookMs), stopped)
  }
}

async function run(parts: SchedulerParts, scheduledAt: Date): Promise<void> {
  const { runtime, job, log, options } = parts
  try {
    if (!(await claim(parts, scheduledAt))) return
  } catch (error) {
    // Running it anyway could run it in every process.
    const facts = { err: error, flow: job.flow.name, scheduledAt }
    log.error(facts, 'a scheduled run was skipped: the dedupe store could not decide which process runs it')
    return
  }
  const { deadlineMs } = options
  await deliverSchedule(runtime, job, {
    scheduledAt,
    log,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  })
}

/** Whether this process has claimed the run. */
async function claim({ app, job, dedupe }: SchedulerParts, scheduledAt: Date): Promise<boolean> {
  if (dedupe === undefined) return true
  return dedupe.putIfAbsent(`cron/${app}/${job.flow.name}/${scheduledAt.toISOString()}`, claimMs)
}
