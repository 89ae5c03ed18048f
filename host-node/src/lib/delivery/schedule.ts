/**
 * Computes when a cron job is due next, in its time zone. A schedule that names hours runs one time for each local time; a
 * schedule for every hour runs by elapsed time. Cron implementations differ here, and croner treats single times and lists
 * differently, so croner only parses the expression, and `local-time.ts` converts local times to instants.
 */
import type { CronJob } from '@flowport/flow/delivery'
import { Cron } from 'croner'
import { instantOf, localTimeAt, nextTransition } from './local-time.ts'

export type Schedule = Pick<CronJob['trigger'], 'cron' | 'timeZone'>

/**
 * Returns a function that gives the first due time after `after`, or `null` for a date that never occurs, such as 30 February.
 */
export function dueAfter({ cron, timeZone }: Schedule): (after: number) => number | null {
  // Used only to compute dates: without a callback it starts no timer.
  const pattern = new Cron(cron, { timezone: 'UTC', mode: '5-part', paused: true })
  const next = (localTime: number) => pattern.nextRun(new Date(localTime))?.getTime() ?? null
  if (timeZone === 'UTC') return next
  return namesEveryHour(cron)
    ? (after) => nextElapsed(next, after, timeZone)
    : (after) => nextLocal(next, after, timeZone)
}

type NextLocalTime = (localTime: number) => number | null

/**
 * Runs one time for each local time: at the first occurrence of a repeated one, and at the end of the gap for a skipped one.
 */
function nextLocal(next: NextLocalTime, after: number, timeZone: string): number | null {
  let local = next(localTimeAt(after, timeZone))
  while (local !== null) {
    const due = instantOf(local, timeZone)
    if (due > after) return due
    local = next(local)
  }
  return null
}

/** Runs at every instant whose local time matches, so that the time between two runs stays the same. */
function nextElapsed(next: NextLocalTime, after: number, timeZone: string): number | null {
  for (let from = after; ; ) {
    const here = localTimeAt(from, timeZone)
    const local = next(here)
    if (local === null) return null
    const due = from + (local - here)
    const transition = nextTransition(from, timeZone)
    if (transition === null || due < transition) return due
    const start = localTimeAt(transition, timeZone)
    if (next(start - 1) === start) return transition
    from = transition
  }
}

/** Whether the hour field matches all 24 hours, as `*`, `0-23` and `0-11,12-23` do. */
function namesEveryHour(cron: string): boolean {
  const hours = new Set<number>()
  for (const item of (cron.split(' ')[1] ?? '').split(',')) {
    const [range = '', step = '1'] = item.split('/')
    const [first = '', last = first] = range === '*' ? ['0', '23'] : range.split('-')
    for (let hour = Number(first); hour <= Number(last); hour += Number(step)) hours.add(hour)
  }
  return hours.size === 24
}
