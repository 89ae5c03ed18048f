/** Compares what callers were told with what the sink has counted, and adds up what does not fit. */
import type { Answer } from './life.ts'

export type FaultKind = 'duplicate' | 'silent loss' | 'in flight' | 'other'

export interface Case {
  readonly name: string
  readonly ends: 'done' | 'unknown' | 'either'
  /** In the order in which they were given; the last one is the present state of the key. */
  readonly answers: readonly Answer[]
  /** Ids of the charges that the sink has made under the key. */
  readonly charges: readonly string[]
}

export class Verdicts {
  readonly faults: { readonly kind: FaultKind; readonly text: string }[] = []
  /** The last steps that calls had come to when their process was killed in the middle of its work, with their number. */
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

/** The worst that does not fit; `null` where all does. */
function faultOf({ ends, answers, charges }: Case): FaultKind | null {
  if (charges.length > 1) return 'duplicate'
  const last = answers.at(-1)
  for (const { status, body } of answers) {
    if (status !== 200) continue
    // Whoever is told "done" is told of the one charge that was made, and so is everybody after that.
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

/** Whether the caller is told to ask again: the key is in flight, or its store could not answer. */
export function isForLater(answer: Answer | undefined): boolean {
  return (
    answer !== undefined &&
    (answer.body.code === 'IDEM_IN_FLIGHT' || answer.status === 503 || answer.status === 504)
  )
}
