/** Converts between instants and local times of a zone. A local time is a number of milliseconds, as if the zone were UTC. */
import { Temporal } from 'temporal-polyfill'

/** Returns the local time at an instant. */
export function localTimeAt(instant: number, timeZone: string): number {
  return instant + zonedAt(instant, timeZone).offsetNanoseconds / 1e6
}

/**
 * Returns the instant of a local time. For a local time that occurs twice, when clocks are set back, returns the first
 * occurrence. For one that does not exist, when clocks are set forward, returns the end of the gap.
 */
export function instantOf(localTime: number, timeZone: string): number {
  const local = zonedAt(localTime, 'UTC').toPlainDateTime()
  const zoned = local.toZonedDateTime(timeZone)
  if (zoned.toPlainDateTime().equals(local)) return zoned.epochMilliseconds
  // `getTimeZoneTransition('previous')` excludes the instant itself, which may be the end of the gap.
  const gapEnd = zoned.add({ nanoseconds: 1 }).getTimeZoneTransition('previous')
  return gapEnd?.epochMilliseconds ?? zoned.epochMilliseconds
}

/** Returns the next instant after `instant` at which the zone changes its offset, or `null`. */
export function nextTransition(instant: number, timeZone: string): number | null {
  return zonedAt(instant, timeZone).getTimeZoneTransition('next')?.epochMilliseconds ?? null
}

function zonedAt(instant: number, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone)
}
