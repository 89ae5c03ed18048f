/** Converts between instants and the local times of a zone. Local times are milliseconds as if the zone were UTC. */
import { Temporal } from 'temporal-polyfill'

/** The local time at an instant. */
export function localTimeAt(instant: number, timeZone: string): number {
  return instant + zonedAt(instant, timeZone).offsetNanoseconds / 1e6
}

/**
 * The instant of a local time. A local time that occurs twice, when clocks are set back, is its first occurrence. One that
 * does not exist, when clocks are set forward, is the end of the gap.
 */
export function instantOf(localTime: number, timeZone: string): number {
  const local = zonedAt(localTime, 'UTC').toPlainDateTime()
  const zoned = local.toZonedDateTime(timeZone)
  if (zoned.toPlainDateTime().equals(local)) return zoned.epochMilliseconds
  // The last transition before a moment excludes that moment itself, which may be the end of the gap.
  const gapEnd = zoned.add({ nanoseconds: 1 }).getTimeZoneTransition('previous')
  return gapEnd?.epochMilliseconds ?? zoned.epochMilliseconds
}

/** The next instant after `instant` at which the zone changes its offset, or `null`. */
export function nextTransition(instant: number, timeZone: string): number | null {
  return zonedAt(instant, timeZone).getTimeZoneTransition('next')?.epochMilliseconds ?? null
}

function zonedAt(instant: number, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone)
}
