/** The points of a call's life at which its process is killed, and how the key may end then. */
import { type Kind, kinds } from './app.ts'
import type { Step } from './control.ts'

export interface StepPoint {
  readonly kind: Kind
  /** Where the process is killed. The second step is one of the call that repeats the first, in the next process. */
  readonly kills: readonly Step[]
  /** What becomes of a charge that was sent, and not made when its process was killed. */
  readonly sent: 'lost' | 'late'
  /** What the repeated call is told. */
  readonly ends: 'done' | 'unknown'
}

/** The process is killed in the middle of its work: after a part of the steps, and some milliseconds. */
export interface RunningPoint {
  readonly kind: Kind
  /** From 0 to 1, when the call has all but been answered. */
  readonly part: number
  readonly delayMs: number
}

/** `points` of them, spread by the seed: 70 in a hundred at steps, the others in the middle of the work. */
export function choosePoints(points: number, random: () => number) {
  const known = kinds.flatMap(stepPointsOf)
  const wanted = Math.ceil(points * 0.7)
  const stride = known.length / wanted
  const offset = random() * stride
  const steps = indices(wanted).flatMap((n) => pick(known, Math.floor(offset + n * stride)))
  const running = indices(points - wanted).flatMap((n): RunningPoint[] =>
    pick(kinds, n).map((kind) => ({ kind, part: random(), delayMs: random() * maxDelayMs })),
  )
  return { steps, running }
}

const maxDelayMs = 3

function indices(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index)
}

function pick<T>(all: readonly T[], index: number): readonly T[] {
  const at = index % all.length
  return all.slice(at, at + 1)
}

/** Every point of a kind, in the order of its steps. */
export function stepPointsOf(kind: Kind): readonly StepPoint[] {
  const mark: readonly Step[] = kind.endsWith('effect') ? ['mark before', 'mark after'] : []
  const first: readonly Step[] = [
    'begin before',
    'begin after',
    ...mark,
    'charge before',
    'charge after',
    'renew before',
    'renew after',
    'complete before',
    'complete after',
  ]
  const single = first.flatMap((step) => pointsAt(kind, [step]))
  if (kind.startsWith('never')) return single
  const asking: readonly Step[] = ['takeover before', 'takeover after', 'ask before', 'ask after']
  const ending: readonly Step[] = ['complete before', 'complete after']
  const charging: readonly Step[] = ['charge before', 'charge after']
  return [
    ...single,
    // The charge is found.
    ...[...asking, ...ending].flatMap((step) => pointsAt(kind, ['charge after', step])),
    // It is not, and the handler runs again.
    ...[...asking, ...charging, ...ending].flatMap((step) => pointsAt(kind, ['charge before', step])),
  ]
}

function pointsAt(kind: Kind, kills: readonly Step[]): readonly StepPoint[] {
  const ends = endOf(kind, kills[0])
  const late = { kind, kills, sent: 'late', ends } as const
  const isSent = kills[0] === 'charge before'
  // Of two kills, the first charge always arrives late: that is what fencing is for.
  return isSent && kills.length === 1 ? [{ ...late, sent: 'lost' }, late] : [late]
}

/** A node that asks its sink always finds out. */
function endOf(kind: Kind, step: Step | undefined): StepPoint['ends'] {
  if (kind.startsWith('asks') || step === 'begin before' || step === 'complete after') return 'done'
  const isMarked = kind === 'never-handler' || (step !== 'begin after' && step !== 'mark before')
  return isMarked ? 'unknown' : 'done'
}
