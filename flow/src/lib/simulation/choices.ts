/** Every choice of one schedule: drawn from a seed and recorded, or replayed from a record. */

/** Choices are whole numbers from 0 to 65 535. 0 is the calm one: no fault, the shortest wait, the first of several. */
const range = 2 ** 16

export class Choices {
  readonly made: number[] = []
  readonly #fixed: readonly number[] | undefined
  #state: number

  /** @param fixed Replays these choices, then calm ones; without it, choices are drawn from the seed. */
  constructor(seed: number, fixed?: readonly number[]) {
    // Neighbouring seeds begin far from each other.
    this.#state = Math.imul(seed, 0x9e3779b9) >>> 0
    this.#fixed = fixed
  }

  /** Whether something of probability `p` happens. Draws nothing for 0. */
  chance(p: number): boolean {
    return p > 0 && this.#next() >= range * (1 - p)
  }

  /** A whole number from 0 to `below - 1`. */
  below(below: number): number {
    return Math.floor(this.float() * below)
  }

  /** A number in [0, 1). */
  float(): number {
    return this.#next() / range
  }

  #next(): number {
    const drawn = this.#fixed === undefined ? this.#draw() : (this.#fixed[this.made.length] ?? 0)
    this.made.push(drawn)
    return drawn
  }

  /** mulberry32: small, fast, and even enough to choose schedules. */
  #draw(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % range
  }
}

/** Choices as a short text: position and value of each that is not calm, in base 36. */
export function encodeChoices(choices: readonly number[]): string {
  return choices
    .flatMap((value, index) => (value === 0 ? [] : `${index.toString(36)}.${value.toString(36)}`))
    .join('-')
}

/** @throws TypeError for a text that `encodeChoices` has not made. */
export function decodeChoices(text: string): readonly number[] {
  const choices: number[] = []
  if (text === '') return choices
  for (const part of text.split('-')) {
    const [index = Number.NaN, value = Number.NaN] = part
      .split('.')
      .map((digits) => Number.parseInt(digits, 36))
    if (!(index >= choices.length && index < 1_000_000 && value > 0 && value < range))
      throw new TypeError(
        'these are not recorded choices: copy the whole "replay" text of a failed simulation',
      )
    while (choices.length < index) choices.push(0)
    choices.push(value)
  }
  return choices
}
