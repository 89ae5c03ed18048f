/** The header `Retry-After`, which holds seconds or a date: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 */
import { longestTimerMs } from './numbers.ts'

/**
 * Milliseconds to wait, at most what one timer can wait. `undefined` for an absent or malformed header.
 * @param now Milliseconds since the epoch.
 */
export function parseRetryAfter(value: string | null | undefined, now: number): number | undefined {
  if (value === null || value === undefined) return undefined
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), longestTimerMs)
}
