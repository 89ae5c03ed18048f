/** `checkLinearizable` says whether a recorded history of a store can be explained by one order of its operations. */
import { checkNumbers, countRule } from '../numbers.ts'
import type { Model, Operation } from './model.ts'
import { search } from './search.ts'
import { shorten } from './shorten.ts'

export interface CheckOptions {
  /** Steps of the model tried for one key before the verdict is `undecided`. Default 200 000. */
  readonly maxSteps?: number
}

export type Verdict<I, O> =
  | { readonly verdict: 'linearizable' }
  /** `operations` is the shortest part found that proves the violation, and `text` shows it, an operation a line. */
  | {
      readonly verdict: 'violation'
      readonly key: string
      readonly operations: readonly Operation<I, O>[]
      readonly text: string
    }
  /** Too many operations overlapped: nothing can be said within `maxSteps`. */
  | { readonly verdict: 'undecided'; readonly key: string; readonly text: string }

/**
 * Checks each key by itself, with bounded work. A violation found for any key is the verdict, also when another key could
 * not be decided.
 */
export function checkLinearizable<S, I, O>(
  model: Model<S, I, O>,
  history: readonly Operation<I, O>[],
  { maxSteps = 200_000 }: CheckOptions = {},
): Verdict<I, O> {
  checkNumbers('checkLinearizable', { maxSteps }, { maxSteps: countRule() })
  let undecided: Verdict<I, O> | undefined
  for (const [key, operations] of byKey(history)) {
    const result = search(model, operations, { left: maxSteps })
    if (result === 'violation') {
      const part = shorten(model, operations, { left: maxSteps * 5 })
      return { verdict: 'violation', key, operations: part, text: textOf(model, key, part) }
    }
    if (result === 'undecided') {
      const text = `the history of ${JSON.stringify(key)} is too concurrent to decide: ${operations.length} operations, up to ${mostAtOnce(operations)} at once, were not decided within ${maxSteps} steps; use fewer callers or fewer lost answers per key, or raise maxSteps`
      undecided ??= { verdict: 'undecided', key, text }
    }
  }
  return undecided ?? { verdict: 'linearizable' }
}

/** The operations on each key, in order. `Map.groupBy` does this from Node 21 on. */
function byKey<I, O>(history: readonly Operation<I, O>[]): Map<string, Operation<I, O>[]> {
  const groups = new Map<string, Operation<I, O>[]>()
  for (const operation of history) {
    const group = groups.get(operation.key)
    if (group === undefined) groups.set(operation.key, [operation])
    else group.push(operation)
  }
  return groups
}

function textOf<S, I, O>(model: Model<S, I, O>, key: string, part: readonly Operation<I, O>[]): string {
  const places = part
    .flatMap(({ calledAt, returnedAt }) => [calledAt, returnedAt])
    .filter(Number.isFinite)
    .toSorted((a, b) => a - b)
  const place = (at: number) => (at === Infinity ? 'never' : String(places.indexOf(at) + 1))
  const lines = part.map(
    (operation) =>
      `  caller ${operation.client}, events ${place(operation.calledAt)} to ${place(operation.returnedAt)}: ${model.describe(operation)}`,
  )
  return [`no order of these operations on ${JSON.stringify(key)} explains their answers:`, ...lines].join(
    '\n',
  )
}

function mostAtOnce<I, O>(operations: readonly Operation<I, O>[]): number {
  const events = operations
    .flatMap(({ calledAt, returnedAt }) => [
      { at: calledAt, change: 1 },
      { at: returnedAt, change: -1 },
    ])
    .toSorted((a, b) => a.at - b.at)
  let now = 0
  let most = 0
  for (const { change } of events) {
    now += change
    most = Math.max(most, now)
  }
  return most
}
