/** Compares the answers and counts under each fault with the promise of each effect, and returns the violations. */
import type { EffectVerdict, NodeEffects } from '@flowport/flow'
import type { Outcome } from './messages.ts'
import type { Tried } from './vectors.ts'

/** The promises that can be broken, each with its meaning. */
export const violations = {
  duplicate: 'the effect was made more often than the fault permits',
  lost: 'a caller got a result, but no effect was counted',
  unsaid: 'the effect was made, but the last caller got neither a result nor IDEM_UNKNOWN',
  disagreement: 'two callers of one key got different results',
  blocked: 'the key was still in flight after the lease of its holder had ended',
} as const
export type Violation = keyof typeof violations

export interface Judged {
  /** Broken promises about each effect, by node. */
  readonly effects: ReadonlyMap<string, ReadonlySet<Violation>>
  /** Broken promises to callers. */
  readonly callers: ReadonlySet<Violation>
}

/** @param isComparable Whether two runs of the flow must give the same answer. */
export function judge(
  tried: readonly Tried[],
  derived: readonly NodeEffects[],
  isComparable: boolean,
): Judged {
  const effects = new Map<string, Set<Violation>>(derived.map(({ node }) => [node, new Set()]))
  const callers = new Set<Violation>()
  for (const one of tried) {
    for (const { node, verdict } of derived)
      for (const violation of brokenEffect(one, node, verdict)) effects.get(node)?.add(violation)
    for (const violation of brokenAnswers(one, isComparable)) callers.add(violation)
  }
  return { effects, callers }
}

/** Returns the broken promises about effects or to callers under one fault. */
export function violationsOf(
  tried: Tried,
  derived: readonly NodeEffects[],
  isComparable: boolean,
): readonly Violation[] {
  const found = derived.flatMap(({ node, verdict }) => brokenEffect(tried, node, verdict))
  return [...new Set([...found, ...brokenAnswers(tried, isComparable)])].toSorted()
}

function brokenEffect(
  { counted, outcomes, permitted }: Tried,
  node: string,
  verdict: EffectVerdict,
): readonly Violation[] {
  const effects = counted?.[node]
  if (effects === undefined) return []
  const last = outcomes.at(-1)
  const found: Violation[] = []
  if (verdict !== 'natural' && effects > permitted) found.push('duplicate')
  if (effects === 0 && outcomes.some(({ kind }) => kind === 'done')) found.push('lost')
  if (effects > 0 && last !== undefined && !isSaid(last)) found.push('unsaid')
  return found
}

function brokenAnswers({ outcomes, permitted }: Tried, isComparable: boolean): readonly Violation[] {
  const found: Violation[] = []
  const done = new Set(outcomes.flatMap(({ kind, text }) => (kind === 'done' ? [text] : [])))
  if (isComparable && done.size > permitted) found.push('disagreement')
  if (outcomes.at(-1)?.text === 'IDEM_IN_FLIGHT') found.push('blocked')
  return found
}

/** Whether the caller learned the outcome, or that it is unknown. */
function isSaid({ kind, text }: Outcome): boolean {
  return kind !== 'error' || text === 'IDEM_UNKNOWN'
}
