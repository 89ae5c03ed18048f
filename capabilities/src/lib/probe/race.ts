/** Races of conditional writes: who won, who was refused, and what is there afterwards. */
import { type ErrorKind, isKind } from '../error.ts'
import { describeError, isNoAnswer } from './check.ts'

export interface Race {
  /** Numbers of the writers that were told they won. */
  readonly winners: readonly number[]
  /** Numbers of the writers that were told neither: the store may have written for one of them. */
  readonly unsure: readonly number[]
  /** What the first of them was told. */
  readonly doubt: unknown
  /** What the losers were told, where it was not the kind it should be. */
  readonly oddities: readonly string[]
}

/** Starts `count` writers at once. Losers must be refused as `refusal`. */
export async function race(
  count: number,
  refusal: ErrorKind,
  write: (writer: number) => Promise<unknown>,
): Promise<Race> {
  const outcomes = await Promise.allSettled(Array.from({ length: count }, (_, writer) => write(writer)))
  const winners: number[] = []
  const unsure: number[] = []
  const oddities: string[] = []
  let doubt: unknown
  for (const [writer, outcome] of outcomes.entries()) {
    if (outcome.status === 'fulfilled') winners.push(writer)
    else if (!isKind(outcome.reason, refusal)) {
      if (isNoAnswer(outcome.reason)) {
        doubt ??= outcome.reason
        unsure.push(writer)
      }
      oddities.push(describeError(outcome.reason))
    }
  }
  return { winners, unsure, doubt, oddities }
}

/**
 * What a race shows to be wrong: other than one winner, or something else than the winner's value afterwards. Values are
 * the writers' numbers as text. Throws what a writer was told when the race shows nothing, since none got an answer.
 */
export function raceFault({ winners, unsure, doubt, oddities }: Race, left: string | null): string | null {
  const [winner, ...others] = winners
  if (others.length > 0) return `${winners.length} writers were told they won`
  if (winner !== undefined) {
    return left === String(winner) ? null : `writer ${winner} won, and ${left ?? 'nothing'} is there`
  }
  // One whose answer was lost may have written.
  if (left !== null && unsure.some((writer) => String(writer) === left)) return null
  if (left === null && unsure.length > 0) throw doubt
  return `nobody won, and losers were told ${oddities[0] ?? 'so'}`
}
