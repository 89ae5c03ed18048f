/** The points in a call's life at which its process is killed, each with the outcome that the key must then have. */
import { type Kind, kinds } from './app.ts'
import type { Step } from './control.ts'

export interface StepPoint {
  readonly kind: Kind
  /** Steps at which the process is killed. A second step belongs to the repeated call in the next process. */
  readonly kills: readonly Step[]
  /** Whether a charge that was sent but not made before the kill is lost, or arrives late. */
  readonly sent: 'lost' | 'late'
  /** The outcome that the repeated call must get. */
  readonly ends: 'done' | 'unknown'
}

/** A kill in the middle of the work: after a fraction of the steps and a delay. */
export interface RunningPoint {
  readonly kind: Kind
  /** Fraction of the call's steps, from 0 to 1. */
  readonly part: number
  readonly delayMs: number
}

/** Chooses `points` points, spread by the seed: 70 % of them at steps, the others in the middle of the work. */
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

/** Returns every point of a kind, in step order. */
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
    // The charge was made: the sink finds it.
    ...[...asking, ...ending].flatMap((step) => pointsAt(kind, ['charge after', step])),
    // The charge was not made: the handler runs again.
    ...[...asking, ...charging, ...ending].flatMap((step) => pointsAt(kind, ['charge before', step])),
  ]
}

function pointsAt(kind: Kind, kills: readonly Step[]): readonly StepPoint[] {
  const ends = endOf(kind, kills[0])
  const late = { kind, kills, sent: 'late', ends } as const
  const isSent = kills[0] === 'charge before'
  // With two kills the first charge always arrives late, which fencing must handle.
  return isSent && kills.length === 1 ? [{ ...late, sent: 'lost' }, late] : [late]
}

/** A node that asks its sink always learns the outcome. */
function endOf(kind: Kind, step: Step | undefined): StepPoint['ends'] {
  if (kind.startsWith('asks') || step === 'begin before' || step === 'complete after') return 'done'
  const isMarked = kind === 'never-handler' || (step !== 'begin after' && step !== 'mark before')
  return isMarked ? 'unknown' : 'done'
}
