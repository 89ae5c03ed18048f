/** One run of a flow: how it starts and how it ends. The next stop is the walk, which moves its values. */
import type { CallScope, Clock, Logger } from '@flowport/capabilities'
import type { AnyFlow } from '../flow.ts'
import type { Metadata } from '../node.ts'
import { Answered } from './answered.ts'
import { RunError } from './errors.ts'
import { cancelledError, deadlinePassed, notReached, stepError, streamError } from './node-error.ts'
import { type Plan, type PlannedStep, streamSchemaOf } from './plan.ts'
import type { AnswerListener, HeldRun, RunHost, RunRequest, Timing } from './run-host.ts'
import { runMetadata } from './run-metadata.ts'
import { RunStream } from './run-stream.ts'
import type { Digest, RunRng } from './run-view.ts'
import { isAsyncIterable } from './thenable.ts'
import { Walk, type Walker } from './walk.ts'

export class Run implements HeldRun, Walker {
  readonly plan: Plan
  readonly request: RunRequest
  /** Milliseconds since the epoch; `undefined` for never, and while its input is being read. */
  deadline: number | undefined
  /** When it started, on the runtime's monotonic clock; 0 where nobody asks. */
  startedAt = 0
  stopTimer: (() => void) | undefined
  previous: HeldRun | undefined
  next: HeldRun | undefined
  readonly #host: RunHost
  readonly #walk: Walk
  readonly #timings: Timing[] = []
  readonly #deadlineMs: number | undefined
  #settled = false
  #answered = false
  #value: unknown
  #answer: Promise<unknown> | undefined
  #answerListener: AnswerListener | undefined
  /** Runs of a host have one listener. */
  #moreListeners: AnswerListener[] | undefined
  #finished = false
  #reading = false
  #error: RunError | undefined
  #controller: AbortController | undefined
  #stream: RunStream | undefined
  #metadata: Metadata | undefined
  #id: string | undefined
  #scope: CallScope | undefined
  #listeners: (() => void)[] | undefined
  /** How often it is held open. */
  #holds = 0

  /** `deadlineMs`: milliseconds from now until an answer is of no use; `undefined` for never. */
  constructor(plan: Plan, host: RunHost, request: RunRequest, deadlineMs: number | undefined) {
    this.plan = plan
    this.request = request
    this.#host = host
    this.#walk = new Walk(plan, this, host.maxConcurrency, request.timings === true ? this.#timings : null)
    this.#deadlineMs = deadlineMs
    if (deadlineMs !== undefined) this.deadline = host.clock.now() + deadlineMs
  }

  get id(): string {
    this.#id ??= this.#host.rng.uuid()
    return this.#id
  }

  get flow(): AnyFlow {
    return this.plan.flow
  }

  get log(): Logger {
    return this.request.log ?? this.#host.log
  }

  get clock(): Clock {
    return this.#host.clock
  }

  get rng(): RunRng {
    return this.#host.rng
  }

  get digest(): Digest {
    return this.#host.digest
  }

  get metadata(): Metadata {
    this.#metadata ??= runMetadata(this.plan.flow, this.id, this.request.metadata?.())
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

  /** Resolves the answer: a value, or an async iterable. Settles at once on failure, deadline or cancellation. */
  get answer(): Promise<unknown> {
    this.#answer ??= new Promise((resolve, reject) =>
      this.whenAnswered({ answered: resolve, failed: reject }),
    )
    return this.#answer
  }

  /** As `answer`, without a promise: the listener is called as soon as there is an answer or an error, or now. */
  whenAnswered(listener: AnswerListener): void {
    if (this.#answered) listener.answered(this.#value)
    else if (this.#settled) listener.failed(this.#error as RunError)
    else if (this.#answerListener === undefined) this.#answerListener = listener
    else (this.#moreListeners ??= []).push(listener)
  }

  /** Calls `listener` when everything of this run has ended, its answer's stream included. */
  whenFinished(listener: () => void): void {
    if (this.#finished) listener()
    else (this.#listeners ??= []).push(listener)
  }

  /** Starts the flow with a validated input, or ends it with an answer that exists already. */
  start(input: unknown): void {
    if (this.#settled) return
    if (!(input instanceof Answered)) return this.#walk.start(input)
    this.#settle()
    this.#answerWith(input.answer)
  }

  holdOpen(): () => void {
    this.#holds++
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#holds--
      this.#finishIfIdle()
    }
  }

  /** Starts the flow when its input has been read. The deadline is counted from then: an upload may take its time. */
  startWhenRead(reading: Promise<unknown>, refuse: (error: unknown) => void): void {
    const { deadlines, clock } = this.#host
    deadlines.release(this)
    this.deadline = undefined
    // A run that ends meanwhile has not finished before its reader has let go of the body and the stores.
    this.#walk.hold()
    this.#reading = true
    reading.then(
      (input) => {
        this.#walk.release()
        this.#reading = false
        if (this.#settled) return this.#finishIfIdle()
        if (this.#deadlineMs !== undefined) this.deadline = clock.now() + this.#deadlineMs
        this.start(input)
        // Most runs have ended by now: they need neither a timer nor a listener for their client.
        if (this.#finished) return
        if (!this.#settled) deadlines.watch(this)
        this.request.whenPending?.(this)
      },
      (error: unknown) => {
        this.#walk.release()
        this.#reading = false
        if (this.#settled) this.#finishIfIdle()
        else refuse(error)
      },
    )
  }

  whenWorkEnds(work: Promise<void>): void {
    this.#walk.hold()
    void work.finally(() => {
      this.#walk.release()
      this.#walk.resume()
    })
  }

  /** Ends the run at once: the answer rejects, signals fire, what still works drains in the background. */
  cancel(reason?: unknown): void {
    this.fail(cancelledError(this.plan.flow.name, reason))
  }

  get isStopped(): boolean {
    return this.#error !== undefined
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
    this.fail(deadlinePassed(this.plan.flow.name))
  }

  fail(error: RunError): void {
    if (this.#finished) return
    this.#error ??= error
    const isAnswer = !this.#settled
    this.#settle()
    this.#controller?.abort(this.#error)
    void this.#stream?.end(this.#error)
    this.#finishIfIdle()
    if (isAnswer) this.#tellAnswer()
  }

  #streamEnded(error: unknown): void {
    if (error !== undefined)
      this.#error ??= streamError(this.plan.flow.name, this.plan.steps[this.plan.answer]?.alias, error)
    this.#stream = undefined
    this.#controller?.abort(
      this.#error ?? new RunError('Cancelled', 'the stream was closed', { flow: this.plan.flow.name }),
    )
    this.#finishIfIdle()
  }

  stepFailed(step: PlannedStep, error: unknown): void {
    this.fail(stepError(this.plan.flow.name, step.alias, error))
  }

  /** The answer is there, or it will never be. */
  walkRested(): void {
    if (!this.#settled) {
      const { plan } = this
      const { values } = this.#walk
      const step = plan.steps[plan.answer] as PlannedStep
      if (!this.#walk.isReached(plan.answer)) return this.fail(notReached(plan.flow.name, step.alias))
      const value = values[plan.answer]
      const stream = streamSchemaOf(plan, step.slot, values)
      if (stream !== null) {
        if (!isAsyncIterable(value))
          return this.stepFailed(step, new TypeError('the node returned no stream'))
        this.#settle()
        const owner = { flow: plan.flow.name, node: step.alias, log: this.log }
        const ended = (error: unknown) => this.#streamEnded(error)
        this.#stream = new RunStream(value, stream, { ...owner, ended })
        return this.#answerWith(this.#stream)
      }
      this.#settle()
      return this.#answerWith(value)
    }
    this.#finishIfIdle()
  }

  #answerWith(value: unknown): void {
    this.#answered = true
    this.#value = value
    this.#finishIfIdle()
    this.#tellAnswer()
  }

  #tellAnswer(): void {
    const listener = this.#answerListener
    if (listener === undefined) return
    this.#answerListener = undefined
    this.whenAnswered(listener)
    for (const each of this.#moreListeners ?? []) this.whenAnswered(each)
    this.#moreListeners = undefined
  }

  #settle(): void {
    this.#settled = true
    if (this.deadline !== undefined) this.#host.deadlines.release(this)
  }

  #finishIfIdle(): void {
    if (this.#finished || this.#walk.isActive || !this.#settled || this.#stream !== undefined) return
    if (this.#holds > 0) return
    this.#finished = true
    this.#host.finished(this, this.#error)
    if (this.#listeners !== undefined) for (const listener of this.#listeners) listener()
  }
}
