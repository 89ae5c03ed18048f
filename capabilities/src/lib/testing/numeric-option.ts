/** `numericOption`: a test that one option takes every number its rule takes, and refuses everything else. */
import { expect, it } from 'vitest'
import { numberFault, type NumberRule } from '../numbers.ts'

export interface NumericOptionTest {
  /** Interface and option, such as `RetryOptions.maxAttempts`. */
  readonly name: string
  readonly rule: NumberRule
  /** Hands the number over. Throws or rejects for one that is refused. */
  readonly take: (value: number) => unknown
  /** Numbers to try that fit. Default: the smallest, and one a little larger. `[]` where taking one does too much. */
  readonly fitting?: readonly number[]
  /** What a refusal must look like. Default `{ kind: 'Misconfigured' }`. */
  readonly refusal?: object
}

/** Registers the test. */
export function numericOption(test: NumericOptionTest): void {
  const { name, rule, take, refusal = { kind: 'Misconfigured' } } = test
  const { fitting = typicalNumbers(rule) } = test
  it(`${name} takes what fits and refuses ${rule.mayBeInfinite === true ? '' : 'Infinity, '}NaN, text and numbers out of bounds`, async () => {
    for (const value of fitting) await expect(outcomeOf(take, value), `${value}`).resolves.toBe('taken')
    for (const value of strangeNumbers) {
      if (numberFault(value, rule) === null) continue
      // Callers without types, environments and files hand over anything.
      await expect(
        outcomeOf(take, value as number),
        `${typeof value} ${String(value)}`,
      ).rejects.toMatchObject(refusal)
    }
  })
}

async function outcomeOf(take: (value: number) => unknown, value: number): Promise<string> {
  await take(value)
  return 'taken'
}

function typicalNumbers({ min, max, isAbove }: NumberRule): readonly number[] {
  const least = isAbove === true ? min + 1 : min
  return [least, Math.min(max, least + 1)]
}

/** What hostile, careless and mistaken callers hand over. */
export const strangeNumbers: readonly unknown[] = [
  Number.NaN,
  Infinity,
  -Infinity,
  -1,
  -0.5,
  0,
  0.5,
  1.5,
  2 ** 31,
  1e15,
  2 ** 53,
  1e300,
  '5',
  '',
  true,
  null,
  {},
  [7],
  7n,
]
