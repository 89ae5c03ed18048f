import { cron } from '@flowport/flow'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dueAfter } from './schedule.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** Returns the first scheduled times after `start`, as ISO text to the minute. */
function runs(expression: string, timeZone: string, start: string, count: number): readonly string[] {
  const next = dueAfter(cron(expression, { timeZone }))
  const seen: string[] = []
  let at = next(Date.parse(start))
  for (; at !== null && seen.length < count; at = next(at)) seen.push(new Date(at).toISOString().slice(0, 16))
  return seen
}

describe('a schedule of named hours', () => {
  it('runs each local time once when clocks are set back: the first occurrence', () => {
    // Berlin repeats 02:00 to 03:00 on 25 October 2026.
    const autumn = '2026-10-24T12:00Z'
    expect(runs('30 2 * * *', 'Europe/Berlin', autumn, 2)).toEqual(['2026-10-25T00:30', '2026-10-26T01:30'])
    for (const minutes of ['*/30', '0,30', '0-30/30']) {
      expect(runs(`${minutes} 2 * * *`, 'Europe/Berlin', autumn, 3), minutes).toEqual([
        '2026-10-25T00:00',
        '2026-10-25T00:30',
        '2026-10-26T01:00',
      ])
    }
    expect(runs('0 */2 * * *', 'Europe/Berlin', '2026-10-24T22:00Z', 2)).toEqual([
      '2026-10-25T00:00',
      '2026-10-25T03:00',
    ])
  })

  it('runs one time, at the end of the gap, for local times that do not exist', () => {
    // Berlin has no 02:00 to 03:00 on 29 March 2026.
    const spring = '2026-03-28T12:00Z'
    for (const minutes of ['30', '*/30', '0,30', '10-50/10']) {
      expect(runs(`${minutes} 2 * * *`, 'Europe/Berlin', spring, 1), minutes).toEqual(['2026-03-29T01:00'])
    }
    expect(runs('0,30 2,3 * * *', 'Europe/Berlin', spring, 3)).toEqual([
      '2026-03-29T01:00',
      '2026-03-29T01:30',
      '2026-03-30T00:00',
    ])
  })

  it('runs at the end of a day that a zone skipped', () => {
    // Apia skipped 30 December 2011.
    expect(runs('0 12 30 12 *', 'Pacific/Apia', '2011-12-01T00:00Z', 1)).toEqual(['2011-12-30T10:00'])
  })
})

describe('a schedule of every hour', () => {
  it('runs by elapsed time across changes of the offset', () => {
    expect(runs('0 * * * *', 'Europe/Berlin', '2026-10-24T23:30Z', 4)).toEqual([
      '2026-10-25T00:00',
      '2026-10-25T01:00',
      '2026-10-25T02:00',
      '2026-10-25T03:00',
    ])
    expect(runs('*/30 0-11,12-23 * * *', 'Europe/Berlin', '2026-03-29T00:15Z', 3)).toEqual([
      '2026-03-29T00:30',
      '2026-03-29T01:00',
      '2026-03-29T01:30',
    ])
  })

  it('matches local minutes in zones that change by half an hour', () => {
    // Lord Howe goes from +11 to +10:30 at 15:00 UTC on 4 April 2026.
    expect(runs('0 * * * *', 'Australia/Lord_Howe', '2026-04-04T13:30Z', 4)).toEqual([
      '2026-04-04T14:00',
      '2026-04-04T15:30',
      '2026-04-04T16:30',
      '2026-04-04T17:30',
    ])
  })
})

it('a date that never occurs is null, in every zone', () => {
  expect(dueAfter(cron('0 3 30 2 *', { timeZone: 'Europe/Berlin' }))(0)).toBeNull()
  expect(dueAfter(cron('0 * 30 2 *', { timeZone: 'Europe/Berlin' }))(0)).toBeNull()
})

/** Returns a function that gives a zone's offset at an instant, read from `Intl`. */
function offsetsOf(timeZone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  })
  return (instant) => {
    const parts = Object.fromEntries(
      format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]),
    )
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0 } = parts
    return Date.UTC(year, month - 1, day, hour, minute) - instant
  }
}

/** Finds every change of offset in a period: compares the offset day by day, then narrows down to the minute. */
function transitionsOf(offsetAt: (instant: number) => number, from: number, to: number): readonly number[] {
  const found: number[] = []
  for (let start = from; start < to; start += day) {
    if (offsetAt(start) === offsetAt(start + day)) continue
    let [low, high] = [start, start + day]
    while (high - low > minute) {
      const middle = low + Math.floor((high - low) / 2 / minute) * minute
      if (offsetAt(middle) === offsetAt(low)) low = middle
      else high = middle
    }
    found.push(high)
  }
  return found
}

interface Fields {
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
}

/** Applies the documented rule minute by minute. */
function ruled({ minutes, hours }: Fields, offsetAt: (instant: number) => number, from: number, to: number) {
  const matches = (local: number) => {
    const date = new Date(local)
    return minutes.includes(date.getUTCMinutes()) && hours.includes(date.getUTCHours())
  }
  const due = new Set<number>()
  const seen = new Set<number>()
  let furthest = Number.NEGATIVE_INFINITY
  for (let instant = from; instant < to; instant += minute) {
    const local = instant + offsetAt(instant)
    if (hours.length === 24) {
      if (matches(local)) due.add(instant)
      continue
    }
    for (let left = furthest + minute; left < local && furthest > 0; left += minute)
      if (matches(left)) due.add(instant)
    if (matches(local) && !seen.has(local) && local > furthest) due.add(instant)
    seen.add(local)
    furthest = Math.max(furthest, local)
  }
  return [...due].toSorted((a, b) => a - b)
}

const fieldsOf = fc.record({
  minutes: fc.oneof(
    fc.integer({ min: 0, max: 59 }).map((one) => ({ text: String(one), values: [one] })),
    fc.uniqueArray(fc.integer({ min: 0, max: 59 }), { minLength: 2, maxLength: 4 }).map((values) => ({
      text: values.join(','),
      values,
    })),
    fc.constantFrom(1, 5, 15, 20, 30, 45).map((step) => ({
      text: `*/${step}`,
      values: Array.from({ length: Math.ceil(60 / step) }, (_, i) => i * step),
    })),
  ),
  hours: fc.oneof(
    fc.constant({ text: '*', values: Array.from({ length: 24 }, (_, i) => i) }),
    fc.integer({ min: 0, max: 4 }).map((one) => ({ text: String(one), values: [one] })),
    fc.constantFrom(2, 3).map((step) => ({
      text: `*/${step}`,
      values: Array.from({ length: 24 / step }, (_, i) => i * step),
    })),
    fc.integer({ min: 0, max: 3 }).map((from) => ({
      text: `${from}-${from + 2}`,
      values: [from, from + 1, from + 2],
    })),
  ),
})

/** Zones that change by one hour, half an hour or two hours, at midnight, in the southern hemisphere, and around Ramadan. */
const zones = [
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'America/Santiago',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
  'Africa/Casablanca',
  'Africa/Cairo',
  'Antarctica/Troll',
  'Asia/Tehran',
]

describe('the rule, at every change of clocks in ten years', () => {
  it.each(zones)('%s', (timeZone) => {
    const slow = offsetsOf(timeZone)
    const changes = transitionsOf(slow, Date.UTC(2018, 0, 1), Date.UTC(2028, 0, 1))
    expect(changes.length).toBeGreaterThanOrEqual(9)
    for (const change of changes) {
      const [before, after] = [slow(change - minute), slow(change)]
      const offsetAt = (instant: number) => (instant < change ? before : after)
      const [from, to] = [change - 5 * hour, change + 8 * hour]
      fc.assert(
        fc.property(fieldsOf, ({ minutes, hours }) => {
          const next = dueAfter(cron(`${minutes.text} ${hours.text} * * *`, { timeZone }))
          const due: number[] = []
          for (let at = next(from); at !== null && at < to; at = next(at)) due.push(at)
          const wanted = ruled({ minutes: minutes.values, hours: hours.values }, offsetAt, from - day, to)
          expect(due).toEqual(wanted.filter((instant) => instant > from))
        }),
        { numRuns: 12 },
      )
    }
  })
})
