/** Durations as people write them. */

/** Milliseconds, or a number with a unit: `'250ms'`, `'30s'`, `'5m'`, `'12h'`, `'1d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** The duration in milliseconds. What is malformed, negative or not finite is a `TypeError`. */
export function toMilliseconds(duration: Duration): number {
  if (typeof duration === 'number') {
    if (Number.isFinite(duration) && duration >= 0) return duration
    throw new TypeError(`${duration} is not a duration in milliseconds`)
  }
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration)
  if (match === null) throw new TypeError(`"${duration}" is not a duration: write 250ms, 30s, 5m, 12h or 1d`)
  return Number(match[1]) * unitMs[match[2] as keyof typeof unitMs]
}
