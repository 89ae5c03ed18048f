/** Shortens a history that is not linearizable to the operations that prove it. */
import type { Model, Operation } from './model.ts'
import { type Budget, search } from './search.ts'

/**
 * Returns a part of a history that is not linearizable. The part is not linearizable either, so it shows why the whole is
 * not: it ends with the first impossible answer, and leaves out only operations whose absence cannot cause a violation.
 * Leaving out one more would make it linearizable, unless the budget ran out first.
 */
export function shorten<S, I, O>(
  model: Model<S, I, O>,
  history: readonly Operation<I, O>[],
  budget: Budget,
): readonly Operation<I, O>[] {
  const isViolation = (part: readonly Operation<I, O>[]) => search(model, part, budget) === 'violation'
  let part: Part<I, O> = { operations: shortestPrefix(history, isViolation), start: undefined }
  for (let before = Infinity; part.operations.length < before && budget.left > 0; ) {
    before = part.operations.length
    part = latestStart(model, part, isViolation)
    part = withoutRemovable(model, part, isViolation)
  }
  return part.operations.toSorted((a, b) => a.calledAt - b.calledAt)
}

interface Part<I, O> {
  readonly operations: readonly Operation<I, O>[]
  /** The operation that overwrites whatever state the key had before; it has to stay. */
  readonly start: Operation<I, O> | undefined
}

/** Linearizability holds for every prefix of a linearizable history, so the first bad answer is found by halving. */
function shortestPrefix<I, O>(
  history: readonly Operation<I, O>[],
  isViolation: (part: readonly Operation<I, O>[]) => boolean,
): readonly Operation<I, O>[] {
  const answers = history
    .map(({ returnedAt }) => returnedAt)
    .filter(Number.isFinite)
    .toSorted((a, b) => a - b)
  let low = 0
  let high = answers.length - 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (isViolation(until(history, answers[middle] ?? Infinity))) high = middle
    else low = middle + 1
  }
  const shortest = until(history, answers[high] ?? Infinity)
  return isViolation(shortest) ? shortest : history
}

/** What was called up to this moment; answers that came later count as lost. */
function until<I, O>(history: readonly Operation<I, O>[], moment: number): readonly Operation<I, O>[] {
  return history
    .filter(({ calledAt }) => calledAt <= moment)
    .map((operation) =>
      operation.returnedAt <= moment
        ? operation
        : { ...operation, output: null, returnedAt: Infinity, endMs: Infinity },
    )
}

/** Leaves out what went before the last operation after which it no longer matters. */
function latestStart<S, I, O>(
  model: Model<S, I, O>,
  part: Part<I, O>,
  isViolation: (part: readonly Operation<I, O>[]) => boolean,
): Part<I, O> {
  const { operations } = part
  for (const operation of operations.toSorted((a, b) => b.calledAt - a.calledAt)) {
    const where = operation.output === null ? null : model.restart(operation)
    if (where === null) continue
    const others = operations.filter((each) => each !== operation)
    const isAlone = others.every(
      ({ calledAt, returnedAt }) => returnedAt < operation.calledAt || calledAt > operation.returnedAt,
    )
    if (!isAlone) continue
    const after = others.filter(({ calledAt }) => calledAt > operation.returnedAt)
    const rest = where === 'before' ? [operation, ...after] : after
    if (rest.length === operations.length || !isViolation(rest)) continue
    return { operations: rest, start: where === 'before' ? operation : undefined }
  }
  return part
}

function withoutRemovable<S, I, O>(
  model: Model<S, I, O>,
  { operations, start }: Part<I, O>,
  isViolation: (part: readonly Operation<I, O>[]) => boolean,
): Part<I, O> {
  let part = operations
  for (const operation of operations.toReversed()) {
    if (operation === start) continue
    const rest = part.filter((each) => each !== operation)
    if (model.isRemovable(operation, rest) && isViolation(rest)) part = rest
  }
  return { operations: part, start }
}
