/** `deliverSchedule` runs a cron flow for one moment it was due. */
import { type Logger, silentLogger } from '@flowport/capabilities'
import type { CronMessage } from '../cron-message.ts'
import { describeThrown } from '../runtime/errors.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { CronJob } from './consumers.ts'
import { runDelivered } from './run.ts'

export interface ScheduleOptions {
  /** The moment the run was due. */
  readonly scheduledAt: Date
  /** Failures go here. Default: nothing is logged. */
  readonly log?: Logger
  /** Milliseconds the run may work, where the trigger does not say. Default 30 000. */
  readonly deadlineMs?: number
  /** Told of work that goes on after the outcome: what a node still does past its deadline. */
  readonly waitUntil?: (work: Promise<unknown>) => void
}

export type ScheduleOutcome = { readonly ok: true } | { readonly ok: false; readonly error: Error }

/** Runs the job once. A failure is logged and told, not tried again: steps retry by themselves. Never rejects. */
export async function deliverSchedule(
  runtime: Runtime,
  { flow, trigger }: CronJob,
  { scheduledAt, log = silentLogger, deadlineMs, waitUntil }: ScheduleOptions,
): Promise<ScheduleOutcome> {
  const message: CronMessage = { scheduledAt: scheduledAt.toISOString(), cron: trigger.cron }
  const error = await runDelivered(runtime, flow, message, {
    deadlineMs: trigger.deadlineMs ?? deadlineMs,
    metadata: () => ({ 'cron.expression': message.cron, 'cron.scheduled_at': message.scheduledAt }),
    log,
    waitUntil,
  })
  if (error === undefined) return { ok: true }
  log.error({ err: error, flow: flow.name, ...message }, `a scheduled run failed: ${describeThrown(error)}`)
  return { ok: false, error }
}
