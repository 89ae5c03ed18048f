/** When a cron job is due next, in its time zone. */
import type { CronJob } from '@flowport/flow/delivery'
import { Cron } from 'croner'

/** The first moment after `after` that the job is due; `null` for a date that never comes, such as 30 February. */
export function dueAfter({ trigger }: CronJob): (after: number) => number | null {
  // Only asked for dates: without a function it starts no timer.
  const pattern = new Cron(trigger.cron, { timezone: trigger.timeZone, mode: '5-part', paused: true })
  return (after) => pattern.nextRun(new Date(after))?.getTime() ?? null
}
