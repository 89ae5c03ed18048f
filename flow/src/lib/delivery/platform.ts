/** What an app asks of a platform that delivers by itself, and that no such platform does: CTRL901, LEASE001. */
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts'
import type { AnyFlow } from '../flow.ts'
import { longerThanLease } from '../preflight/leases.ts'
import { cronJobs } from './consumers.ts'

/** A platform that delivers messages and schedules by itself. */
export interface Platform {
  /** The only time zone of its schedules. */
  readonly timeZone: 'UTC'
  /** The longest that it lets a delivery work, in milliseconds. */
  readonly longestDeliveryMs: number
}

/** A consumer ends after 15 minutes: https://developers.cloudflare.com/queues/platform/limits/. */
export const workersPlatform: Platform = { timeZone: 'UTC', longestDeliveryMs: 900_000 }

/** Everything that the flows of an app ask of a platform and it does not do. */
export function platformFindings(
  app: { readonly flows: readonly AnyFlow[] },
  { longestDeliveryMs }: Platform,
  profile: string,
): readonly Diagnostic[] {
  return [...schedulesBesideUtc(app, profile), ...deadlinesBeyondLease(app, longestDeliveryMs, profile)]
}

/** Schedules in another time zone than UTC: platforms such as Workers know no other. Errors: they must not start. */
export function schedulesBesideUtc(
  app: { readonly flows: readonly AnyFlow[] },
  profile: string,
): readonly Diagnostic[] {
  return cronJobs(app)
    .filter(({ trigger }) => trigger.timeZone !== 'UTC')
    .map(({ flow, trigger }) =>
      diagnostic({
        code: 'CTRL901',
        message: `the platform runs schedules in UTC, not in ${trigger.timeZone}`,
        location: { flow: flow.name, node: 'trigger', profile },
        hint: 'write the schedule in UTC, or serve the flow on Node',
        details: { control: 'trigger.timeZone', timeZone: trigger.timeZone },
      }),
    )
}

/** Queue flows whose deadline is longer than the platform works on a message. Errors: they must not start. */
export function deadlinesBeyondLease(
  app: { readonly flows: readonly AnyFlow[] },
  longestMs: number,
  profile: string,
): readonly Diagnostic[] {
  return app.flows.flatMap((flow) => longerThanLease(flow, longestMs, profile))
}
