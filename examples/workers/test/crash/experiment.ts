/**
 * Kills the process of a store at each point, restarts it, repeats the calls, and compares the callers' answers with the
 * charges that the sink counted.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Kind, kinds, leaseMs } from './app.ts'
import { type Control, type ControlOptions, startControl } from './control.ts'
import type { Answer, CrashStore, Life, Mortal } from './life.ts'
import { choosePoints, type StepPoint, type RunningPoint } from './points.ts'
import { seeded } from './seeded.ts'
import { isForLater, Verdicts } from './verdicts.ts'

export interface ExperimentOptions extends ControlOptions {
  /** Number of calls to interrupt. */
  readonly points: number
  /** Number of calls that each kill interrupts. */
  readonly perKill: number
  readonly seed: number
}

/** Concurrent callers of one key when the process is killed in the middle of its work. */
const callers = 2

export async function experiment(
  store: CrashStore,
  { points, perKill, seed, ...sink }: ExperimentOptions,
): Promise<Verdicts> {
  const control = await startControl(sink)
  const mortal = await store.open()
  const run = new Experiment(control, mortal)
  try {
    const size = Math.min(perKill, store.maxWaiting ?? perKill)
    const { steps, running } = choosePoints(points, seeded(seed))
    await run.begin()
    for (const batch of batches(steps, size)) await run.atSteps(batch)
    for (const batch of batches(running, Math.min(size, 4))) await run.whileRunning(batch)
    return run.verdicts
  } finally {
    await run.end()
    await mortal.close()
    await control.close()
  }
}

interface Trial {
  readonly id: string
  readonly kind: Kind
  /** Answers that callers received before the process was killed. */
  readonly told: Answer[]
}

class Experiment {
  readonly verdicts = new Verdicts()
  readonly #control: Control
  readonly #mortal: Mortal
  #life: Life | undefined
  #killedAt = 0
  #steps = 0
  #calls = 0

  constructor(control: Control, mortal: Mortal) {
    this.#control = control
    this.#mortal = mortal
  }

  /** Starts the first process and measures how many steps a call takes. */
  async begin(): Promise<void> {
    await this.#start()
    for (const kind of kinds) {
      const trial = this.#trial(kind)
      await this.#call(trial)
      this.#judge(trial, trial.told[0], 'done', 'without a kill')
      this.#steps = Math.max(this.#steps, this.#control.steps(trial.id).length)
    }
  }

  async end(): Promise<void> {
    await this.#life?.kill()
  }

  async atSteps(points: readonly StepPoint[]): Promise<void> {
    const trials = points.map((point) => ({ ...this.#trial(point.kind), point }))
    const rounds = Math.max(...points.map(({ kills }) => kills.length))
    for (let round = 0; round < rounds; round++) {
      const calls = trials.map(async (trial) => {
        const step = trial.point.kills[round]
        if (step === undefined) return
        // A lease is only renewed while its holder works, so the sink holds the charge.
        if (step.startsWith('renew')) void this.#control.holdAt(trial.id, 'charge after')
        const reached = this.#control.holdAt(trial.id, step).then(() => true)
        // On a slow store the killed process's lease may outlast the time that one call waits.
        for (let calls = 0; calls < maxCalls; calls++) {
          const isReached = await Promise.race([reached, this.#call(trial).then(() => false)])
          if (isReached) return
          if (!isForLater(trial.told.at(-1))) break
        }
        const steps = this.#control.steps(trial.id).join(', ')
        this.verdicts.fault('other', `${nameOf(trial.point)}: it never came to "${step}": ${steps}`)
      })
      await Promise.all(calls)
      await this.#restart()
    }
    await Promise.all(
      trials.map(async (trial) => {
        const { point } = trial
        await this.#settle(trial, point.ends, nameOf(point), point.sent === 'late')
      }),
    )
  }

  /** Kills the process in the middle of its work on the calls. */
  async whileRunning(points: readonly RunningPoint[]): Promise<void> {
    const trials = points.map(({ kind }) => this.#trial(kind))
    const { part = 0, delayMs = 0 } = points[0] ?? {}
    const reached = this.#control.afterSteps(Math.floor(part * points.length * this.#steps))
    const calls = trials.flatMap((trial) => Array.from({ length: callers }, () => this.#call(trial)))
    await Promise.race([reached, Promise.all(calls)])
    await sleep(delayMs)
    await this.#restart()
    for (const { id } of trials)
      this.verdicts.interrupted(this.#control.steps(id).at(-1) ?? 'before any step')
    await Promise.all(
      trials.map((trial) => {
        const ends = trial.kind.startsWith('asks') ? 'done' : 'either'
        return this.#settle(trial, ends, `${trial.kind} killed after ${part} of its steps`, true)
      }),
    )
  }

  /** Repeats the call until it has a final answer, which must come when the killed process's lease has ended. */
  async #settle(trial: Trial, ends: StepPoint['ends'] | 'either', name: string, isLate: boolean) {
    let sentAt: number
    let answer: Answer | undefined
    do {
      sentAt = Date.now()
      answer = await this.#repeat(trial)
      if (answer?.body.code === 'IDEM_IN_FLIGHT' && sentAt > this.#killedAt + leaseMs + graceMs) {
        this.verdicts.fault('in flight', `${name}: in flight ${sentAt - this.#killedAt} ms after the kill`)
        return
      }
    } while (isForLater(answer))
    this.#judge(trial, answer, ends, name)
    if (isLate) await this.#control.letGo(trial.id)
    this.#judge(trial, await this.#repeat(trial), ends, `${name}, asked again`)
    this.verdicts.settled(answer?.body.code === 'IDEM_UNKNOWN' ? 'unknown' : 'done')
  }

  #judge(trial: Trial, answer: Answer | undefined, ends: StepPoint['ends'] | 'either', name: string) {
    this.verdicts.judge({
      name: `${name} (${trial.id})`,
      ends,
      answers: [...trial.told, ...(answer === undefined ? [] : [answer])],
      charges: this.#control.charges(trial.id),
    })
  }

  #trial(kind: Kind): Trial {
    return { id: `crash-${++this.#calls}`, kind, told: [] }
  }

  /** Resolves when the call is answered or its process is gone. */
  async #call(trial: Trial): Promise<void> {
    const life = this.#life
    const answer = await this.#repeat(trial)
    // An answer after the kill never reached a caller.
    if (answer !== undefined && life === this.#life) trial.told.push(answer)
  }

  async #repeat({ kind, id }: Trial): Promise<Answer | undefined> {
    try {
      return await this.#life?.call(kind, id)
    } catch {
      return undefined
    }
  }

  async #start(): Promise<void> {
    this.#life = await this.#mortal.start(this.#control.url)
  }

  async #restart(): Promise<void> {
    const life = this.#life
    this.verdicts.kills += 1
    await life?.kill()
    this.#killedAt = Date.now()
    await this.#start()
  }
}

/** Calls of one key, each waiting up to two seconds, within which the key must reach its step. */
const maxCalls = 5

/** Tolerance in milliseconds: a store may count time in whole seconds and by its own clock. */
const graceMs = 2_000

function nameOf({ kind, kills, sent }: StepPoint): string {
  return `${kind} killed at ${kills.join(', then ')}, sent charges ${sent}`
}

function batches<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, (n + 1) * size))
}
