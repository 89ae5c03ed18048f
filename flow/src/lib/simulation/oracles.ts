/** The oracles: what must hold at the end of every schedule, whatever happened in it. */
import type { FaultClass } from './faults.ts'
import type { ScheduleOutcome } from './schedule.ts'

/** What each oracle finds, by the name under which `allow` lets it pass. */
export const violations = {
  duplicate: 'an effect was made more than once for one key',
  stale: 'an effect began after another holder had taken the key over',
  lost: 'a client was told that the work is done, and its effect was never made',
  'answers differ': 'two clients got different answers for one key',
  shared: 'clients of different principals got answers for one key',
  blocked: 'the key is in flight long after the last lease has ended',
  'fails without faults': 'the flow fails, or does not know how it ended, though nothing is made to fail',
  endless: 'timers or runs are left that never end',
  'not linearizable': 'a key-value store or the ledger gave answers that no order of the calls explains',
  'unhandled rejection': 'a promise was rejected, and nothing handles the rejection',
} as const

export type Violation = keyof typeof violations

/** The first oracle that a schedule violates. */
export function judge(
  outcome: ScheduleOutcome,
  faults: FaultClass,
  rejections: number,
  allowed: ReadonlySet<Violation>,
): Violation | undefined {
  const found = (Object.keys(violations) as Violation[]).filter(
    (each) => !allowed.has(each) && isViolated(each, outcome, faults, rejections),
  )
  return found[0]
}

function isViolated(
  violation: Violation,
  outcome: ScheduleOutcome,
  faults: FaultClass,
  rejections: number,
): boolean {
  const { clients, ending, effects, effectsBefore, isEndless, runsLeft, deadLetters } = outcome
  switch (violation) {
    case 'duplicate':
      return effects > 1
    case 'stale':
      return outcome.staleEffects > 0
    case 'lost':
      return (
        effectsBefore === 0 &&
        deadLetters === 0 &&
        ending !== 'unknown' &&
        clients.some(({ isAcknowledged }) => isAcknowledged)
      )
    case 'answers differ':
      return answersOf(outcome).size > 1
    case 'shared':
      return (
        new Set(clients.flatMap(({ answer, principal }) => (answer === undefined ? [] : principal))).size > 1
      )
    case 'blocked':
      return ending === 'blocked' && !isEndless
    case 'fails without faults':
      return ending === 'failed' || (faults === 'none' && ending === 'unknown')
    case 'endless':
      return isEndless || runsLeft > 0
    case 'not linearizable':
      return outcome.unexplained !== null
    case 'unhandled rejection':
      return rejections > 0
  }
}

function answersOf({ clients, lastAnswer }: ScheduleOutcome): ReadonlySet<string> {
  const answers = new Set(clients.flatMap(({ answer }) => answer ?? []))
  if (lastAnswer !== undefined) answers.add(lastAnswer)
  return answers
}
