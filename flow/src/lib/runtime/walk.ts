/** Moves values through a plan: starts the steps that are ready, checks what they yield, hands it to the next. */
import type { Clock } from '@flowport/capabilities'
import { type Plan, type PlannedStep, skipped } from './plan.ts'
import type { Timing } from './run-host.ts'
import type { RunView } from './run-view.ts'
import { isThenable } from './thenable.ts'

/** The run whose values move. */
export interface Walker extends RunView {
  readonly clock: Clock
  /** Whether no further step may start. */
  readonly isStopped: boolean
  /** A step failed. */
  stepFailed(step: PlannedStep, error: unknown): void
  /** Nothing is running and nothing is ready. */
  walkRested(): void
}

export class Walk {
  readonly #plan: Plan
  readonly #run: Walker
  readonly #maxConcurrency: number
  readonly #timings: Timing[] | null
  readonly #values: unknown[]
  readonly #waits: number[]
  readonly #ready: number[] = []
  /** Where the next ready step is: taking it out of the list would cost more than the list does. */
  #nextReady = 0
  #active = 0
  #pumping = false

  /** `timings` gets the time of every node, in the order they end; `null` takes none. */
  constructor(plan: Plan, run: Walker, maxConcurrency: number, timings: Timing[] | null) {
    this.#plan = plan
    this.#run = run
    this.#maxConcurrency = maxConcurrency
    this.#timings = timings
    this.#values = plan.blank.slice()
    this.#waits = plan.waits.slice()
  }

  /** By slot: what has been made so far. */
  get values(): readonly unknown[] {
    return this.#values
  }

  /** Whether a step, or work that was held for, is under way. */
  get isActive(): boolean {
    return this.#active > 0
  }

  /** Whether a slot has its value. */
  isReached(slot: number): boolean {
    return this.#values[slot] !== skipped && (this.#waits[slot] as number) <= 0
  }

  start(input: unknown): void {
    this.#complete(this.#plan.steps[0] as PlannedStep, input)
    this.#pump()
  }

  /** Counts work of another kind as under way, until `release`. */
  hold(): void {
    this.#active++
  }

  release(): void {
    this.#active--
  }

  /** Starts what is ready, and says so when nothing is left to do. */
  resume(): void {
    this.#pump()
  }

  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    const { steps } = this.#plan
    while (this.#mayBegin) {
      this.#begin(steps[this.#ready[this.#nextReady++] as number] as PlannedStep)
    }
    this.#pumping = false
    if (this.#active === 0) this.#run.walkRested()
  }

  get #mayBegin(): boolean {
    return this.#nextReady < this.#ready.length && this.#active < this.#maxConcurrency && !this.#run.isStopped
  }

  #begin(step: PlannedStep): void {
    let input: unknown
    try {
      input = step.input(this.#values)
    } catch (error) {
      return this.#run.stepFailed(step, error)
    }
    if (step.execute === null) return this.#complete(step, input)
    const started = this.#timings === null ? 0 : this.#run.clock.monotonic()
    try {
      const result = step.execute(input, this.#run)
      if (!isThenable(result)) return this.#yielded(step, result, started)
      this.#active++
      result.then(
        (value) => {
          this.#active--
          this.#yielded(step, value, started)
          this.#pump()
        },
        (error: unknown) => this.#rejected(step, error),
      )
    } catch (error) {
      this.#run.stepFailed(step, error)
    }
  }

  #yielded(step: PlannedStep, value: unknown, started: number): void {
    this.#timings?.push({ node: step.alias, ms: this.#run.clock.monotonic() - started })
    if (step.check === null) return this.#complete(step, value)
    try {
      const checked = step.check(value)
      if (!isThenable(checked)) return this.#complete(step, checked)
      this.#active++
      checked.then(
        (settled) => {
          this.#active--
          this.#complete(step, settled)
          this.#pump()
        },
        (error: unknown) => this.#rejected(step, error),
      )
    } catch (error) {
      this.#run.stepFailed(step, error)
    }
  }

  #rejected(step: PlannedStep, error: unknown): void {
    this.#active--
    this.#run.stepFailed(step, error)
    this.#pump()
  }

  #complete(step: PlannedStep, value: unknown): void {
    if (value === skipped) return this.#skip(step)
    this.#values[step.slot] = value
    for (const slot of step.next) this.#arrived(slot)
    for (const { choose, entries } of step.decisions) {
      const taken = choose(value)
      for (let arm = 0; arm < entries.length; arm++) {
        for (const slot of entries[arm] as readonly number[]) {
          if (arm === taken) this.#arrived(slot)
          else this.#skip(this.#plan.steps[slot] as PlannedStep)
        }
      }
    }
  }

  #arrived(slot: number): void {
    const left = (this.#waits[slot] as number) - 1
    this.#waits[slot] = left
    if (left === 0 && this.#values[slot] !== skipped) this.#ready.push(slot)
  }

  /** Marks a step, and all that needs it, as not to be run. A merge only loses one of its alternatives. */
  #skip(step: PlannedStep): void {
    if (this.#values[step.slot] === skipped) return
    this.#values[step.slot] = skipped
    const { steps } = this.#plan
    for (const slot of step.next) {
      const next = steps[slot] as PlannedStep
      if (next.merge) this.#arrived(slot)
      else this.#skip(next)
    }
    for (const { entries } of step.decisions) {
      for (const arm of entries) for (const slot of arm) this.#skip(steps[slot] as PlannedStep)
    }
  }
}
