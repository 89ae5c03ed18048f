/** Compares how long a delivery may work with how long its queue leaves it the message: LEASE001. */
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts'
import type { AnyFlow } from '../flow.ts'
import type { NeedsOptions } from './needs.ts'
import { asRecord, type Offers } from './offers.ts'

interface LeaseOptions extends NeedsOptions {
  readonly profile: string
}

/** Deliveries that the host takes out of a queue by itself. */
export function checkLeases(
  flow: AnyFlow,
  offers: Offers,
  { profile, queues }: LeaseOptions,
): readonly Diagnostic[] {
  const { trigger } = flow
  if (trigger.kind !== 'queue' || queues !== 'pulled') return []
  const info = offers(`queue:${trigger.queue}`)?.info
  const longest = asRecord(info?.['limits'])?.['maxLeaseMs']
  if (asRecord(info?.['features'])?.['renew'] === true || typeof longest !== 'number') return []
  return longerThanLease(flow, longest, profile)
}

/** A finding when the flow consumes a queue whose leases end after `longestMs` milliseconds, before its deadline does. */
export function longerThanLease(flow: AnyFlow, longestMs: number, profile: string): readonly Diagnostic[] {
  const { trigger } = flow
  if (trigger.kind !== 'queue' || (trigger.deadlineMs ?? 0) <= longestMs) return []
  const { queue, deadlineMs } = trigger
  return [
    diagnostic({
      code: 'LEASE001',
      message: `a delivery may work for ${deadlineMs} ms, but "${queue}" hands the message out again after ${longestMs} ms and cannot renew its lease`,
      location: { flow: flow.name, node: 'trigger', profile },
      details: { queue, deadlineMs, longestMs },
    }),
  ]
}
