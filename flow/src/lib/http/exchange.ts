/**
 * One request to a route, from its check to its answer. It is what the runtime asks of the run's request, and what hears the
 * run's answer, in one object: a request makes no functions of its own. The next stop is the runtime.
 */
import { after, type Logger } from '@flowport/capabilities'
import type { Metadata } from '../node.ts'
import type { Run } from '../runtime/run.ts'
import type { AnswerListener, HeldRun } from '../runtime/run-host.ts'
import type { AdmittedRun } from '../runtime/run-view.ts'
import type { ReadRequest, Runtime } from '../runtime/runtime.ts'
import { toOutcome } from './answer.ts'
import { type AnswerHeaders, baseHeaders, usualHeaders } from './answer-headers.ts'
import type { HttpCall, HttpOutcome } from './call.ts'
import { type CrossSite, refuseCrossSite } from './cross-site.ts'
import type { HandleOptions } from './handle-options.ts'
import { httpMetadata } from './http-metadata.ts'
import { readIdempotencyKey } from './idempotency-key.ts'
import { readInput } from './input.ts'
import { problemOutcome, requestIdOf } from './problem-outcome.ts'
import { Recording } from './recorded/recording.ts'
import type { HttpRoute } from './route.ts'
import { timingHeader } from './server-timing.ts'

export class Exchange implements ReadRequest, AnswerListener {
  readonly deadlineMs: number
  readonly timings: boolean
  readonly trigger = 'http'
  readonly caller: HttpCall
  readonly log: Logger | undefined
  readonly #runtime: Runtime
  readonly #route: HttpRoute
  readonly #headers: AnswerHeaders
  readonly #crossSite: CrossSite
  readonly #respond: (outcome: HttpOutcome) => void
  readonly #requestId: string
  /** The client's key, on a route that records its answers. */
  #key: string | undefined
  #recording: Recording | undefined
  #run: Run | undefined
  #isWatched = false
  #isClientGone = false

  /** `respond` is called once and must not throw. */
  constructor(
    runtime: Runtime,
    route: HttpRoute,
    call: HttpCall,
    { deadlineMs = 30_000, answerHeaders = usualHeaders, crossSite = 'refuse' }: HandleOptions,
    respond: (outcome: HttpOutcome) => void,
  ) {
    const { trigger } = route
    this.deadlineMs = trigger.deadlineMs ?? deadlineMs
    this.timings = answerHeaders.serverTiming ?? false
    this.caller = call
    this.log = call.log
    this.#runtime = runtime
    this.#route = route
    this.#headers = answerHeaders
    this.#crossSite = trigger.crossSite ?? crossSite
    this.#respond = respond
    this.#requestId = requestIdOf(call, runtime.rng)
  }

  begin(): void {
    const { flow, trigger } = this.#route
    let run: Run
    try {
      refuseCrossSite(this.caller, this.#crossSite)
      if (trigger.idempotency !== null) {
        this.#key = readIdempotencyKey(this.caller.header('idempotency-key'), trigger.idempotency.header)
        if (this.#key !== undefined) this.#recording = this.#recordingOf(this.#key)
      }
      run = this.#runtime.startReading(flow, this)
      this.#run = run
      if (!run.isFinished) {
        // A platform that drops the work of a client which has gone would leave a run that never ends, and the memory of its body.
        this.caller.waitUntil?.(new Promise<void>((ended) => run.whenFinished(ended)))
        // Reading a JSON body fails by itself when the client goes away: most of these runs never need a listener.
        const isCollected = trigger.body?.kind === 'json' && run.isReading
        if (!isCollected) this.whenPending(run)
      }
    } catch (error) {
      return this.failed(error)
    }
    run.whenAnswered(this)
  }

  /** Makes the input, once the run is admitted. */
  read(run: AdmittedRun): unknown {
    if (this.#recording !== undefined) return this.#recording.read(run)
    return readInput(this.#route.trigger, this.caller, this.#runtime.bag, run)
  }

  metadata(): Metadata {
    return httpMetadata(this.caller, this.#route.trigger, this.#requestId, this.#key)
  }

  /** The run goes on: it is cancelled when the client goes away. */
  whenPending(run: HeldRun): void {
    if (this.#isWatched) return
    this.#isWatched = true
    const recording = this.#recording
    this.caller.onDisconnect(() => {
      this.#isClientGone = true
      const cancel = () => run.cancel(new Error('the client disconnected'))
      if (recording?.goesOn === true) goOn(run, recording, this.deadlineMs, cancel)
      else cancel()
    })
  }

  answered(answer: unknown): void {
    const recording = this.#recording
    // Set before the exchange listens for an answer.
    const run = this.#run as Run
    if (recording?.replay !== undefined) return this.#respond(recording.replay)
    let made: HttpOutcome | Promise<HttpOutcome>
    try {
      const call = this.caller
      const headers = baseHeaders(call, this.#requestId, this.#headers)
      if (this.timings && run.timings.length > 0) headers['server-timing'] = timingHeader(run)
      const { status } = this.#route.trigger
      const texts = recording === undefined ? undefined : () => recording.texts()
      const context = {
        call,
        run,
        bag: this.#runtime.bag,
        requestId: this.#requestId,
        status,
        headers,
        texts,
      }
      made = toOutcome(answer, context)
    } catch (error) {
      return this.failed(error)
    }
    if (!(made instanceof Promise)) return this.#send(made)
    void made.then(
      (outcome) => this.#send(outcome),
      (error: unknown) => this.failed(error),
    )
  }

  failed(thrown: unknown): void {
    const outcome = problemOutcome(thrown, this.caller, this.#requestId, this.#isClientGone, this.#headers)
    if (this.#recording === undefined) return this.#respond(outcome)
    void this.#recording.finishFailed(outcome, thrown).then(this.#respond, () => this.#respond(outcome))
  }

  #send(outcome: HttpOutcome): void {
    if (this.#recording === undefined)
      return this.#respond(this.caller.method === 'HEAD' ? withoutBody(outcome) : outcome)
    void this.#recording.finish(outcome).then(this.#respond, (error: unknown) => this.failed(error))
  }

  /** `undefined` where no answer is recorded. HEAD has no answer of its own. */
  #recordingOf(key: string): Recording | undefined {
    const { flow, trigger } = this.#route
    const { idempotency: recorded, method } = trigger
    const call = this.caller
    if (recorded === null || call.method !== method) return undefined
    const base = baseHeaders(call, this.#requestId, this.#headers)
    return new Recording({ flow, trigger, key, recorded, call, bag: this.#runtime.bag, base })
  }
}

/**
 * A run whose answer is recorded goes on without its client, for whoever asks again: until it is recorded, or will not be,
 * or has had the time of its deadline once more. A stream has no deadline of its own.
 */
function goOn(run: HeldRun, recording: Recording, deadlineMs: number, cancel: () => void): void {
  recording.whenLetGo(cancel)
  run.whenFinished(after(run.clock, deadlineMs, cancel, { background: true }))
}

/** The headers a GET would have, the length included. */
function withoutBody({ status, headers, body }: HttpOutcome): HttpOutcome {
  if (typeof body !== 'string') return { status, headers, body: null }
  return {
    status,
    headers: { ...headers, 'content-length': String(new TextEncoder().encode(body).byteLength) },
    body: null,
  }
}
