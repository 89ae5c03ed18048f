/** How long an entry still waits. The clock of a device may be set back: no pause gets longer by that. */
import type { StoredEntry } from './stored.ts'

/** A server that asks for longer is asked again after a day. */
export const longestAskedMs = 86_400_000

/** Milliseconds until the entry may be sent, at most its whole pause; 0 or less for now. */
export function leftMs(entry: StoredEntry, now: number, maxPauseMs: number): number {
  return Math.min(entry.nextAt - now, pauseOf(entry, maxPauseMs))
}

/** Whether the entry waits for a moment that is further away than its pause was long: the clock was set back. */
export function isStretched(entry: StoredEntry, now: number, maxPauseMs: number): boolean {
  return entry.nextAt - now > pauseOf(entry, maxPauseMs)
}

/** Entries of earlier versions do not say how long their pause was. */
function pauseOf({ pauseMs, isAsked }: StoredEntry, maxPauseMs: number): number {
  return pauseMs ?? (isAsked ? longestAskedMs : maxPauseMs)
}
