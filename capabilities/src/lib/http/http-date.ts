/** HTTP dates (RFC 9110, 5.6.7): the fixed format and the two obsolete ones. Any other text is refused. */
import { systemClock } from '../system/clock.ts'

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const fixed = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT$/
const rfc850 =
  /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\d\d)-([A-Z][a-z]{2})-(\d\d) (\d\d):(\d\d):(\d\d) GMT$/
const asctime = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/

/** Milliseconds since the epoch, or `null` for text that is not an HTTP date. `now` settles years of two digits. */
export function parseHttpDate(text: string, now: number = systemClock.now()): number | null {
  const modern = fixed.exec(text)
  if (modern !== null) {
    const [, date = '', name = '', year = '', ...clock] = modern
    return timeOf(Number(year), name, Number(date), clock.map(Number))
  }
  const old = rfc850.exec(text)
  if (old !== null) {
    const [, date = '', name = '', year = '', ...clock] = old
    return timeOf(fullYear(Number(year), now), name, Number(date), clock.map(Number))
  }
  const [, name, date = '', hours, minutes, seconds, year] = asctime.exec(text) ?? []
  if (name === undefined) return null
  return timeOf(Number(year), name, Number(date), [Number(hours), Number(minutes), Number(seconds)])
}

function timeOf(year: number, name: string, date: number, clock: readonly number[]): number | null {
  const [hours = 0, minutes = 0, seconds = 0] = clock
  // A leap second is a valid time; it counts as the second before.
  if (hours > 23 || minutes > 59 || seconds > 60) return null
  const index = months.indexOf(name)
  if (index < 0) return null
  const made = new Date(0)
  // Not `Date.UTC`, which moves the years 0 to 99 into another century.
  made.setUTCFullYear(year, index, date)
  made.setUTCHours(hours, minutes, Math.min(seconds, 59))
  return made.getUTCMonth() === index && made.getUTCDate() === date ? made.getTime() : null
}

/** A year that would be more than 50 years ahead is the last past one with the same two digits. */
function fullYear(twoDigits: number, now: number): number {
  const thisYear = new Date(now).getUTCFullYear()
  const year = thisYear - (thisYear % 100) + twoDigits
  return year > thisYear + 50 ? year - 100 : year
}
