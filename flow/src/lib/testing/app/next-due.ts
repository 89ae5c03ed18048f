/** The next moment of a schedule, found minute by minute: slower than the hosts' scheduler, without its dependencies. */
import { parseCron } from '../../cron-expression.ts'
import type { CronTrigger } from '../../trigger.ts'

const minuteMs = 60_000
/** 29 February comes again after at most eight years. */
const longestSearchMs = 8 * 366 * 24 * 3_600_000

interface LocalTime {
  readonly minute: number
  readonly hour: number
  readonly day: number
  readonly month: number
  readonly weekday: number
}

/**
 * The first moment after `after` and up to `until` that the schedule is due; `null` without one. Local times that a change of
 * clocks repeats are due twice, and those that it leaves out are not due.
 */
export function nextDue(
  { cron, timeZone }: Pick<CronTrigger, 'cron' | 'timeZone'>,
  after: number,
  until: number = after + longestSearchMs,
): number | null {
  const isDue = matcherOf(cron)
  const localTime = timeZone === 'UTC' ? utcTime : zonedTime(timeZone)
  const first = (Math.floor(after / minuteMs) + 1) * minuteMs
  for (let moment = first; moment <= until; moment += minuteMs) if (isDue(localTime(moment))) return moment
  return null
}

function matcherOf(cron: string): (time: LocalTime) => boolean {
  const [minutes = '', hours = '', days = '', months = '', weekdays = ''] = parseCron(cron).split(' ')
  const sets = {
    minute: valuesOf(minutes, 0, 59),
    hour: valuesOf(hours, 0, 23),
    day: valuesOf(days, 1, 31),
    month: valuesOf(months, 1, 12, monthNames),
    weekday: valuesOf(weekdays, 0, 6, weekdayNames),
  }
  return ({ minute, hour, day, month, weekday }) =>
    sets.minute.has(minute) &&
    sets.hour.has(hour) &&
    sets.day.has(day) &&
    sets.month.has(month) &&
    sets.weekday.has(weekday)
}

const monthNames = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const weekdayNames = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']

function valuesOf(
  field: string,
  min: number,
  max: number,
  names: readonly string[] = [],
): ReadonlySet<number> {
  const values = new Set<number>()
  const valueOf = (text: string) => (names.includes(text) ? min + names.indexOf(text) : Number(text))
  for (const item of field.split(',')) {
    const [range = '', step = '1'] = item.split('/')
    const [first = '', last = first] = range === '*' ? [String(min), String(max)] : range.split('-')
    for (let value = valueOf(first); value <= valueOf(last); value += Number(step)) values.add(value)
  }
  return values
}

function utcTime(moment: number): LocalTime {
  const date = new Date(moment)
  return {
    minute: date.getUTCMinutes(),
    hour: date.getUTCHours(),
    day: date.getUTCDate(),
    month: date.getUTCMonth() + 1,
    weekday: date.getUTCDay(),
  }
}

function zonedTime(timeZone: string): (moment: number) => LocalTime {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    minute: 'numeric',
    hour: 'numeric',
    day: 'numeric',
    month: 'numeric',
    weekday: 'short',
  })
  return (moment) => {
    const parts = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, value]))
    const { minute, hour, day, month, weekday = '' } = parts
    return {
      minute: Number(minute),
      hour: Number(hour),
      day: Number(day),
      month: Number(month),
      weekday: weekdayNames.indexOf(weekday.toUpperCase()),
    }
  }
}
