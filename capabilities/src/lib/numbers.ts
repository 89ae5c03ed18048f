/** Rules that validate numbers from options, variables, arguments and flow files, and word their errors. */
import { CapabilityError } from './error.ts'

/**
 * The longest time one platform timer can wait, 24.8 days: a longer timer fires immediately. `clock.sleep` and deadlines
 * chain several timers to wait longer; options that set a timer refuse a higher number.
 */
export const longestTimerMs = 2 ** 31 - 1

/**
 * The longest TTL of stored data and the longest duration of a flow: 68 years. Workers KV counts its seconds in 32 bits, and
 * all stores accept the same range.
 */
export const longestLifeMs = (2 ** 31 - 1) * 1000

export interface NumberRule {
  readonly min: number
  readonly max: number
  /** Whether fractions are refused. */
  readonly isWhole: boolean
  /** Whether `min` itself is refused. */
  readonly isAbove?: boolean
  /** Whether `Infinity` is accepted, for no limit. */
  readonly mayBeInfinite?: boolean
  /** Such as `milliseconds`. */
  readonly unit?: string
}

/** A whole number from `min` to `max`, for counts and bytes. */
export function countRule(min = 1, max: number = Number.MAX_SAFE_INTEGER): NumberRule {
  return { min, max, isWhole: true }
}

/** A whole number of at least `min`, or `Infinity` for no limit. */
export function countOrInfinityRule(min = 1): NumberRule {
  return { ...countRule(min), mayBeInfinite: true }
}

/** A limit that a driver states: any number of at least 0, or `Infinity` for no limit. */
export const limitRule: NumberRule = {
  min: 0,
  max: Number.MAX_SAFE_INTEGER,
  isWhole: false,
  mayBeInfinite: true,
}

/** Milliseconds that one timer can wait. */
export function timerRule(min = 0, max: number = longestTimerMs): NumberRule {
  return { min, max, isWhole: false, unit: 'milliseconds' }
}

/** A TTL or duration in milliseconds: above 0, at most 68 years. */
export const lifeRule: NumberRule = {
  min: 0,
  max: longestLifeMs,
  isWhole: false,
  isAbove: true,
  unit: 'milliseconds',
}

/** A TTL or duration in seconds: above 0, at most 68 years. */
export const lifeSecondsRule: NumberRule = { ...lifeRule, max: longestLifeMs / 1000, unit: 'seconds' }

/** Returns the fault as the end of a sentence, such as `must be a whole number from 1 to 64, not NaN`; `null` if it fits. */
export function numberFault(value: unknown, rule: NumberRule): string | null {
  const { min, max, isWhole, isAbove, mayBeInfinite } = rule
  if (mayBeInfinite === true && value === Infinity) return null
  const fits =
    typeof value === 'number' &&
    (isWhole ? Number.isSafeInteger(value) : Number.isFinite(value)) &&
    (isAbove === true ? value > min : value >= min) &&
    value <= max
  // The message repeats only numbers: a text given instead of a number may be a secret.
  return fits ? null : `must be ${wordsFor(rule)}, not ${typeof value === 'number' ? value : typeof value}`
}

/** Throws `Misconfigured` when an option breaks its rule. Ignores absent options. */
export function checkNumbers(
  owner: string,
  options: Readonly<Record<string, unknown>>,
  rules: Readonly<Record<string, NumberRule>>,
): void {
  for (const [option, rule] of Object.entries(rules)) {
    const value = options[option]
    const fault = value === undefined ? null : numberFault(value, rule)
    if (fault === null) continue
    throw new CapabilityError('Misconfigured', `${owner}: ${option} ${fault}`, { details: { option } })
  }
}

/** Throws `Misconfigured` when a driver states an invalid limit, also inside the groups `multipart` and `sql`. */
export function checkLimits(owner: string, limits: object): void {
  for (const [name, value] of Object.entries(limits) as [string, unknown][]) {
    if (!groups.has(name)) checkNumbers(owner, { [name]: value }, { [name]: limitRule })
    else if (typeof value === 'object' && value !== null) checkLimits(`${owner}: ${name}`, value)
  }
}

/** Throws `InvalidInput` when an argument of a call breaks its rule. */
export function checkArgument(
  name: string,
  value: unknown,
  rule: NumberRule,
  where: { readonly capability: string; readonly operation: string; readonly key?: string },
): void {
  const fault = numberFault(value, rule)
  if (fault !== null) throw new CapabilityError('InvalidInput', `${name} ${fault}`, where)
}

function wordsFor({ min, max, isWhole, isAbove, mayBeInfinite, unit }: NumberRule): string {
  const noun = isWhole ? 'a whole number' : unit === undefined ? 'a number' : ''
  const from = isAbove === true ? `above ${min}` : `from ${min}`
  const range =
    max === Number.MAX_SAFE_INTEGER
      ? `${from} on`
      : isAbove === true
        ? `${from} and at most ${max}`
        : `${from} to ${max}`
  const words = [noun, range, unit].filter((word) => word !== undefined && word !== '').join(' ')
  return mayBeInfinite === true ? `${words}, or Infinity` : words
}

const groups: ReadonlySet<string> = new Set(['multipart', 'sql'])
