/** Compares the callers' answers with the charges that the sink counted, and collects the contradictions. */
import type { Answer } from './life.ts'

export type FaultKind = 'duplicate' | 'silent loss' | 'in flight' | 'other'

export interface Case {
  readonly name: string
  readonly ends: 'done' | 'unknown' | 'either'
  /** In the order they were received. The last one is the key's current state. */
  readonly answers: readonly Answer[]
  /** Ids of the charges that the sink made under the key. */
  readonly charges: readonly string[]
}

export class Verdicts {
  readonly faults: { readonly kind: FaultKind; readonly text: string }[] = []
  /** For each step, how many calls had last reached it when their process was killed in the middle of its work. */
  readonly running = new Map<string, number>()
  kills = 0
  done = 0
  unknown = 0

  fault(kind: FaultKind, text: string): void {
    this.faults.push({ kind, text: `${kind}: ${text}` })
  }

  interrupted(step: string): void {
    this.running.set(step, (this.running.get(step) ?? 0) + 1)
  }

  settled(as: 'done' | 'unknown'): void {
    this[as] += 1
  }

  count(kind: FaultKind): number {
    return this.faults.filter((fault) => fault.kind === kind).length
  }

  judge(judged: Case): void {
    const found = faultOf(judged)
    const { name, ends, answers, charges } = judged
    const shown = JSON.stringify({ answers, charges })
    if (found !== null) this.fault(found, `${name}: it should end as ${ends}: ${shown}`)
  }
}

/** Returns the worst contradiction, or `null` when there is none. */
function faultOf({ ends, answers, charges }: Case): FaultKind | null {
  if (charges.length > 1) return 'duplicate'
  const last = answers.at(-1)
  for (const { status, body } of answers) {
    if (status !== 200) continue
    // A successful answer names the only charge, and every later answer is successful too.
    if (body.chargeId === undefined || body.chargeId !== charges[0] || last?.status !== 200)
      return 'silent loss'
  }
  const isSaid = (answer: Answer) => answer.body.code === 'IDEM_UNKNOWN' || isForLater(answer)
  if (answers.some((answer) => answer.status !== 200 && !isSaid(answer))) return 'other'
  const isUnknown = last?.body.code === 'IDEM_UNKNOWN'
  return last?.status === 200
    ? ends === 'unknown'
      ? 'other'
      : null
    : isUnknown && ends !== 'done'
      ? null
      : 'other'
}

/** Whether the caller should retry: the key is in flight, or its store could not answer. */
export function isForLater(answer: Answer | undefined): boolean {
  return (
    answer !== undefined &&
    (answer.body.code === 'IDEM_IN_FLIGHT' || answer.status === 503 || answer.status === 504)
  )
}
