/** One run of a flow: starts what is ready, hands values on, ends when nothing can move. The next stop is a node. */
import type { CallScope, Clock, Logger } from '@flowport/capabilities'
import { v4 as uuidV4 } from 'uuid'
import { idOf } from '../ir/ids.ts'
import type { Metadata } from '../node.ts'
import { SchemaError } from '../schema.ts'
import type { Watched } from './deadlines.ts'
import { describeThrown, RunError } from './errors.ts'
import { type Plan, type PlannedStep, skipped, streamSchemaOf } from './plan.ts'
import type { RunHost, RunRequest, RunView, Timing } from './run-host.ts'
import { RunStream } from './run-stream.ts'

export class Run implements RunView, Watched {
  /** Resolves the answer: a value, or an async iterable. Settles at once on failure, deadline or cancellation. */
  readonly answer: Promise<unknown>
  readonly plan: Plan
  readonly request: RunRequest
  /** Milliseconds since the epoch; `undefined` for never, and while its input is being read. */
  deadline: number | undefined
  /** When it started, on the runtime's monotonic clock; 0 where nobody asks. */
  startedAt = 0
  timer: ReturnType<typeof setTimeout> | undefined
  readonly #host: RunHost
  readonly #values: unknown[]
  readonly #waits: number[]
  readonly #ready: number[] = []
  readonly #timings: Timing[] = []
  #resolve: (answer: unknown) => void = nothing
  #reject: (error: Error) => void = nothing
  #active = 0
  #settled = false
  #finished = false
  #pumping = false
  #reading = false
  #error: RunError | undefined
  #controller: AbortController | undefined
  #stream: RunStream | undefined
  #metadata: Metadata | undefined
  #id: string | undefined
  #scope: CallScope | undefined
  #listeners: (() => void)[] | undefined

  constructor(plan: Plan, host: RunHost, request: RunRequest) {
    this.plan = plan
    this.request = request
    this.#host = host
    this.#values = plan.blank.slice()
    this.#waits = plan.waits.slice()
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    const { deadlineMs } = request
    if (deadlineMs !== undefined) this.deadline = host.clock.now() + deadlineMs
  }

  get id(): string {
    this.#id ??= uuidV4()
    return this.#id
  }

  get log(): Logger {
    return this.request.log ?? this.#host.log
  }

  get clock(): Clock {
    return this.#host.clock
  }

  get random(): () => number {
    return this.#host.random
  }

  get metadata(): Metadata {
    this.#metadata ??= Object.freeze({
      'flow.id': idOf(this.plan.flow),
      'flow.name': this.plan.flow.name,
      'flow.version': this.plan.flow.version,
      'flow.run_id': this.id,
      ...this.request.metadata?.(),
    })
    return this.#metadata
  }

  /** Made when first asked for: most runs never look at it. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#error !== undefined) this.#controller.abort(this.#error)
    }
    return this.#controller.signal
  }

  /** What calls made on behalf of this run carry. */
  get scope(): CallScope {
    this.#scope ??= { signal: this.signal, deadline: this.deadline }
    return this.#scope
  }

  /** By node, in the order they ended. */
  get timings(): readonly Timing[] {
    return this.#timings
  }

  /** Adds to the metadata before nodes read it. */
  annotate(fields: Readonly<Record<string, unknown>>): void {
    this.#metadata = Object.freeze({ ...this.metadata, ...fields })
  }

  /** Calls `listener` when everything of this run has ended, its answer's stream included. */
  whenFinished(listener: () => void): void {
    if (this.#finished) listener()
    else (this.#listeners ??= []).push(listener)
  }

  /** Starts the flow with a validated input. */
  start(input: unknown): void {
    if (this.#settled) return
    this.#complete(this.plan.steps[0] as PlannedStep, input)
    this.#pump()
  }

  /** Starts the flow when its input has been read. The deadline is counted from then: an upload may take its time. */
  startWhenRead(reading: Promise<unknown>, refuse: (error: unknown) => void): void {
    const { deadlines, clock } = this.#host
    deadlines.release(this)
    this.deadline = undefined
    // A run that ends meanwhile has not finished before its reader has let go of the body and the stores.
    this.#active++
    this.#reading = true
    reading.then(
      (input) => {
        this.#active--
        this.#reading = false
        if (this.#settled) return this.#finishIfIdle()
        const { deadlineMs } = this.request
        if (deadlineMs !== undefined) this.deadline = clock.now() + deadlineMs
        this.start(input)
        // Most runs have ended by now: they need neither a timer nor a listener for their client.
        if (this.#finished) return
        if (!this.#settled) deadlines.watch(this)
        this.request.whenPending?.(this)
      },
      (error: unknown) => {
        this.#active--
        this.#reading = false
        if (this.#settled) this.#finishIfIdle()
        else refuse(error)
      },
    )
  }

  whenWorkEnds(work: Promise<void>): void {
    this.#active++
    void work.finally(() => {
      this.#active--
      this.#pump()
    })
  }

  /** Ends the run at once: the answer rejects, signals fire, what still works drains in the background. */
  cancel(reason?: unknown): void {
    this.fail(
      new RunError('Cancelled', 'the run was cancelled', { flow: this.plan.flow.name, cause: reason }),
    )
  }

  get isSettled(): boolean {
    return this.#settled
  }

  /** Whether its input is still being read. */
  get isReading(): boolean {
    return this.#reading
  }

  /** Whether everything of it has ended, its answer's stream included. */
  get isFinished(): boolean {
    return this.#finished
  }

  expire(): void {
    const message = 'the deadline passed before there was an answer'
    this.fail(new RunError('DeadlineExceeded', message, { flow: this.plan.flow.name, code: 'TIME015' }))
  }

  fail(error: RunError): void {
    if (this.#finished) return
    this.#error ??= error
    this.#settle()
    this.#reject(this.#error)
    this.#controller?.abort(this.#error)
    void this.#stream?.end(this.#error)
    this.#finishIfIdle()
  }

  /** Told by the answer's stream when it has ended. */
  streamEnded(error: unknown): void {
    if (error !== undefined)
      this.#error ??= this.#nodeError(this.plan.steps[this.plan.answer] as PlannedStep, error)
    this.#stream = undefined
    this.#controller?.abort(
      this.#error ?? new RunError('Cancelled', 'the stream was closed', { flow: this.plan.flow.name }),
    )
    this.#finishIfIdle()
  }

  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    const { steps } = this.plan
    const { maxConcurrency } = this.#host
    while (this.#ready.length > 0 && this.#active < maxConcurrency && this.#error === undefined) {
      this.#begin(steps[this.#ready.shift() as number] as PlannedStep)
    }
    this.#pumping = false
    if (this.#active === 0) this.#quiesce()
  }

  #begin(step: PlannedStep): void {
    let input: unknown
    try {
      input = step.input(this.#values)
    } catch (error) {
      return this.#failed(step, error)
    }
    if (step.execute === null) return this.#complete(step, input)
    const started = this.request.timings === true ? this.#host.clock.monotonic() : 0
    let result: unknown
    try {
      result = step.execute(input, this)
      if (!isThenable(result)) return this.#yielded(step, result, started)
      this.#active++
      result.then(
        (value) => {
          this.#active--
          this.#yielded(step, value, started)
          this.#pump()
        },
        (error: unknown) => {
          this.#active--
          this.#failed(step, error)
          this.#pump()
        },
      )
    } catch (error) {
      this.#failed(step, error)
    }
  }

  #yielded(step: PlannedStep, value: unknown, started: number): void {
    if (this.request.timings === true) {
      this.#timings.push({ node: step.alias, ms: this.#host.clock.monotonic() - started })
    }
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
        (error: unknown) => {
          this.#active--
          this.#failed(step, error)
          this.#pump()
        },
      )
    } catch (error) {
      this.#failed(step, error)
    }
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
          else this.#skip(this.plan.steps[slot] as PlannedStep)
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
    const { steps } = this.plan
    for (const slot of step.next) {
      const next = steps[slot] as PlannedStep
      if (next.merge) this.#arrived(slot)
      else this.#skip(next)
    }
    for (const { entries } of step.decisions) {
      for (const arm of entries) for (const slot of arm) this.#skip(steps[slot] as PlannedStep)
    }
  }

  #failed(step: PlannedStep, error: unknown): void {
    // That of a run inside this one says how that one failed: its input was no caller's of this one.
    if (error instanceof RunError) {
      const where = { flow: this.plan.flow.name, node: step.alias, cause: error }
      return this.fail(new RunError('NodeFailed', error.message, where))
    }
    this.fail(this.#nodeError(step, error))
  }

  #nodeError(step: PlannedStep, error: unknown): RunError {
    if (error instanceof RunError) return error
    const where = { flow: this.plan.flow.name, node: step.alias, cause: error }
    if (error instanceof SchemaError) return new RunError('InvalidValue', error.message, where)
    return new RunError('NodeFailed', describeThrown(error), where)
  }

  /** Nothing is running and nothing is ready: the answer is there, or it will never be. */
  #quiesce(): void {
    if (!this.#settled) {
      const value = this.#values[this.plan.answer]
      const step = this.plan.steps[this.plan.answer] as PlannedStep
      if (value === skipped || (this.#waits[this.plan.answer] as number) > 0) {
        const message = `"${step.alias}" was not reached, and the flow answers with it`
        return this.fail(
          new RunError('NoAnswer', message, { flow: this.plan.flow.name, node: step.alias, code: 'DAG204' }),
        )
      }
      const stream = streamSchemaOf(this.plan, step.slot, this.#values)
      if (stream !== null) {
        if (!isAsyncIterable(value)) return this.#failed(step, new TypeError('the node returned no stream'))
        this.#settle()
        this.#stream = new RunStream(value, stream, this)
        return this.#resolve(this.#stream)
      }
      this.#settle()
      this.#resolve(value)
    }
    this.#finishIfIdle()
  }

  #settle(): void {
    this.#settled = true
    if (this.deadline !== undefined) this.#host.deadlines.release(this)
  }

  #finishIfIdle(): void {
    if (this.#finished || this.#active > 0 || !this.#settled || this.#stream !== undefined) return
    this.#finished = true
    this.#host.finished(this, this.#error)
    if (this.#listeners !== undefined) for (const listener of this.#listeners) listener()
  }
}

const nothing = () => undefined

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
