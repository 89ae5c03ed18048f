/** The header `Retry-After`, which holds seconds or a date: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 */
import { parseHttpDate } from './http/http-date.ts'
import { longestTimerMs } from './numbers.ts'
import { systemClock } from './system/clock.ts'

/** Whole seconds by the standard; some servers send fractions. */
const seconds = /^\d+(?:\.\d+)?$/

/**
 * Milliseconds to wait, at most what one timer can wait. `undefined` for an absent or malformed header.
 * @param now Milliseconds since the epoch, by the server's clock where its `Date` header is known. Without it a date is not read.
 */
export function parseRetryAfter(value: string | null | undefined, now = Number.NaN): number | undefined {
  if (value === null || value === undefined) return undefined
  const text = value.trim()
  // Not `Date.parse`, which makes a date of "-5" and of most words beside a number.
  const ms = seconds.test(text)
    ? Math.ceil(Number(text) * 1000)
    : (parseHttpDate(text, now) ?? Number.NaN) - now
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), longestTimerMs)
}

/**
 * Returns the milliseconds that the `Retry-After` header of an answer asks to wait, as `parseRetryAfter` reads it. A date is
 * compared with the `Date` header of the same answer; an answer without that header is compared with `now`.
 * @param now Milliseconds since the epoch. Default the system clock's.
 */
export function retryAfterOf(
  headers: { get(name: string): string | null | undefined },
  now: number = systemClock.now(),
): number | undefined {
  const sentAt = parseHttpDate(headers.get('date') ?? '', now)
  return parseRetryAfter(headers.get('retry-after'), sentAt ?? now)
}
