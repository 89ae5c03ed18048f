/** Durations as people write them. */
import { longestLifeMs } from '@flowport/capabilities'

/** Milliseconds, or a number with a unit: `'250ms'`, `'30s'`, `'5m'`, `'12h'`, `'1d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** The duration in milliseconds. A malformed or negative one, or one of more than 68 years, is a `TypeError`. */
export function toMilliseconds(duration: Duration): number {
  if (typeof duration === 'number') {
    if (duration >= 0 && duration <= longestLifeMs) return duration
    throw new TypeError(`${duration} is not a duration in milliseconds: use 0 to 68 years`)
  }
  // What is no text may be in its place all the same, and what is long is not worth repeating.
  const match = typeof duration === 'string' && duration.length <= 32 ? parts.exec(duration) : null
  if (match === null) {
    const shown = typeof duration === 'string' ? `"${(duration as string).slice(0, 32)}"` : typeof duration
    throw new TypeError(`${shown} is not a duration: write 250ms, 30s, 5m, 12h or 1d`)
  }
  const ms = Number(match[1]) * unitMs[match[2] as keyof typeof unitMs]
  if (ms <= longestLifeMs) return ms
  throw new TypeError(`"${duration}" is longer than 68 years`)
}

/** The same for a duration that must be longer than none. */
export function positiveMilliseconds(option: string, duration: Duration): number {
  const ms = toMilliseconds(duration)
  if (ms > 0) return ms
  throw new TypeError(`${option} must be longer than 0`)
}

const parts = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/
