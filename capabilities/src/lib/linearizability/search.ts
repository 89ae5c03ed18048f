/**
 * Looks for an order of one key's operations that a model accepts, after Wing and Gong's search with Lowe's memoisation,
 * as Porcupine does it: each operation takes effect at one moment between its call and its answer.
 */
import type { Model, Operation } from './model.ts'

/** `'undecided'`: the budget ran out first. */
export type SearchResult = 'linearizable' | 'violation' | 'undecided'

/** Steps of the model that may still be tried. The search counts them down. */
export interface Budget {
  left: number
}

/** A set of operations that took effect, and the state they left. */
interface Place<S> {
  /** Every answered operation before this index has taken effect. */
  readonly first: number
  /** Indexes after `first` of answered operations that have taken effect, ascending. */
  readonly ahead: readonly number[]
  /** Indexes of operations with a lost answer that have taken effect, ascending. */
  readonly lost: readonly number[]
  readonly state: S
}

export function search<S, I, O>(
  model: Model<S, I, O>,
  history: readonly Operation<I, O>[],
  budget: Budget,
): SearchResult {
  const inOrder = history.toSorted((a, b) => a.calledAt - b.calledAt)
  const answered = inOrder.filter(({ output }) => output !== null)
  const lost = inOrder.filter(({ output }) => output === null)
  const seen = new Set<string>()
  const places: Place<S>[] = [{ first: 0, ahead: [], lost: [], state: model.initial }]
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    if (place.first === answered.length) return 'linearizable'
    const { open, firstAnswer } = openAt(answered, place)
    const next: Place<S>[] = []
    // A lost call is tried last: most were applied right away or never.
    for (const index of open) {
      budget.left -= 1
      const operation = answered[index]
      if (operation === undefined) continue
      for (const state of model.step(place.state, operation)) next.push(taken(place, index, state))
    }
    for (const [index, operation] of lost.entries()) {
      if (operation.calledAt > firstAnswer) break
      if (place.lost.includes(index)) continue
      budget.left -= 1
      const before = model.textOf(place.state)
      for (const state of model.step(place.state, operation)) {
        if (model.textOf(state) !== before) next.push({ ...place, lost: inserted(place.lost, index), state })
      }
    }
    if (budget.left <= 0) return 'undecided'
    for (const each of next.toReversed()) {
      const text = `${each.first};${each.ahead.join()};${each.lost.join()};${model.textOf(each.state)}`
      if (seen.has(text)) continue
      seen.add(text)
      places.push(each)
    }
  }
  return 'violation'
}

/** The answered operations that may take effect next: those called before any other of them was answered. */
function openAt<S, I, O>(
  answered: readonly Operation<I, O>[],
  { first, ahead }: Place<S>,
): { readonly open: readonly number[]; readonly firstAnswer: number } {
  const open: number[] = []
  let firstAnswer = Infinity
  for (let index = first; index < answered.length; index++) {
    const operation = answered[index]
    if (operation === undefined || operation.calledAt > firstAnswer) break
    if (ahead.includes(index)) continue
    open.push(index)
    firstAnswer = Math.min(firstAnswer, operation.returnedAt)
  }
  return { open, firstAnswer }
}

function taken<S>(place: Place<S>, index: number, state: S): Place<S> {
  if (index !== place.first) return { ...place, ahead: inserted(place.ahead, index), state }
  let first = index + 1
  let skipped = 0
  while (place.ahead[skipped] === first) {
    first += 1
    skipped += 1
  }
  return { ...place, first, ahead: place.ahead.slice(skipped), state }
}

function inserted(sorted: readonly number[], index: number): readonly number[] {
  const at = sorted.findIndex((each) => each > index)
  return at < 0 ? [...sorted, index] : [...sorted.slice(0, at), index, ...sorted.slice(at)]
}
