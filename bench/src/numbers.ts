/** Computes and formats medians and ranges. */

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Returns median and range of the samples. */
export function spread(samples: readonly number[]): Spread {
  const sorted = samples.toSorted((a, b) => a - b)
  const at = (index: number) => sorted[index] ?? Number.NaN
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2
  return { median, min: at(0), max: at(sorted.length - 1) }
}

/** Returns one candidate's figures divided by the reference's, round by round. */
export function ratios(samples: readonly number[], reference: readonly number[]): readonly number[] {
  return samples.map((sample, round) => sample / (reference[round] ?? Number.NaN))
}

/** Formats about three significant digits, as in `1,234`, `56.7`, `0.89`. */
export function digits(value: number): string {
  const size = Math.abs(value)
  const fraction = size >= 100 ? 0 : size >= 10 ? 1 : 2
  return value.toLocaleString('en', { minimumFractionDigits: fraction, maximumFractionDigits: fraction })
}

/** Formats `median [min–max]`. */
export function range({ median, min, max }: Spread): string {
  return `${digits(median)} [${digits(min)}–${digits(max)}]`
}

/** Converts a spread to another unit, or to a part of the work. */
export function divided({ median, min, max }: Spread, by: number): Spread {
  return { median: median / by, min: min / by, max: max / by }
}
