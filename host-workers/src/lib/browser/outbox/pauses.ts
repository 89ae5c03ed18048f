/** Computes how long an entry still waits. A device's clock may be set back, which must not lengthen a pause. */
import type { StoredEntry } from './stored.ts'

/** Longest pause that a server can ask for, in milliseconds: one day. */
export const longestAskedMs = 86_400_000

/** Returns the milliseconds until the entry may be sent, at most its full pause. 0 or less means now. */
export function leftMs(entry: StoredEntry, now: number, maxPauseMs: number): number {
  return Math.min(entry.nextAt - now, pauseOf(entry, maxPauseMs))
}

/** Whether the entry's next attempt is further away than its full pause, which means that the clock was set back. */
export function isStretched(entry: StoredEntry, now: number, maxPauseMs: number): boolean {
  return entry.nextAt - now > pauseOf(entry, maxPauseMs)
}

/** Entries of earlier versions lack `pauseMs`, so their longest possible pause is used. */
function pauseOf({ pauseMs, isAsked }: StoredEntry, maxPauseMs: number): number {
  return pauseMs ?? (isAsked ? longestAskedMs : maxPauseMs)
}
