/** The one function every host calls: a request in, an answer out, errors as problems. The next stop is the runtime. */
import { after, isCapabilityError, lifeRule, numberFault } from '@flowport/capabilities'
import { systemRng } from '@flowport/capabilities/system'
import { isBodiless } from '../response-head.ts'
import { describeThrown, RunError } from '../runtime/errors.ts'
import type { Run } from '../runtime/run.ts'
import type { HeldRun, Timing } from '../runtime/run-host.ts'
import type { RunRng } from '../runtime/run-view.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { HttpTrigger } from '../trigger.ts'
import { toOutcome } from './answer.ts'
import type { HttpCall, HttpOutcome } from './call.ts'
import { checkCrossSite, type CrossSite, refuseCrossSite } from './cross-site.ts'
import { readIdempotencyKey } from './idempotency-key.ts'
import { readInput } from './input.ts'
import { lastEventIdField } from '../last-event-id.ts'
import { lastEventIdOf } from './last-event-id.ts'
import { problemText, toProblem } from './problem.ts'
import { Recording } from './recorded/recording.ts'
import { safeRequestId } from './request-id.ts'
import type { HttpRoute } from './route.ts'

export interface HandleOptions {
  /** Milliseconds a caller waits at most, where the route does not say. Default 30 000. */
  readonly deadlineMs?: number
  /** Tell node timings in `Server-Timing`. Default true. */
  readonly serverTiming?: boolean
  /**
   * What to do with a cross-site POST that no preflight precedes, where the route does not say: `'refuse'` it with 403,
   * `'allow'` it, or allow it from the origins of a list. Default `'refuse'`.
   */
  readonly crossSite?: CrossSite
}

/** @throws RangeError for a malformed deadline. Hosts call it once, when they start. */
export function checkHandleOptions({ deadlineMs = 30_000, crossSite }: HandleOptions): void {
  checkCrossSite(crossSite)
  const fault = numberFault(deadlineMs, lifeRule)
  if (fault !== null) throw new RangeError(`deadlineMs ${fault}`)
}

/** Answers a request to a route. Never rejects. */
export function handleHttp(
  runtime: Runtime,
  route: HttpRoute,
  call: HttpCall,
  options?: HandleOptions,
): Promise<HttpOutcome> {
  return new Promise((resolve) => answerHttp(runtime, route, call, options, resolve))
}

/** As `handleHttp`, without a promise: calls `respond` once, which must not throw. */
export function answerHttp(
  runtime: Runtime,
  { flow, trigger }: HttpRoute,
  call: HttpCall,
  { deadlineMs = 30_000, serverTiming = true, crossSite = 'refuse' }: HandleOptions = {},
  respond: (outcome: HttpOutcome) => void,
): void {
  const requestId = requestIdOf(call, runtime.rng)
  const gone = new Disconnect(call)
  let recording: Recording | undefined
  let run: Run
  const failed = (thrown: unknown) => {
    const outcome = problemOutcome(thrown, call, requestId, gone.happened)
    if (recording === undefined) return respond(outcome)
    void recording.finishFailed(outcome, thrown).then(respond, () => respond(outcome))
  }
  try {
    refuseCrossSite(call, trigger.crossSite ?? crossSite)
    const key =
      trigger.idempotency === null
        ? undefined
        : readIdempotencyKey(call.header('idempotency-key'), trigger.idempotency.header)
    recording = recordingOf({ flow, trigger }, call, runtime, key, requestId)
    const record = recording
    let isWatched = false
    const watch = (pending: HeldRun) => {
      if (isWatched) return
      isWatched = true
      gone.cancels(pending, record)
      call.waitUntil?.(new Promise<void>((ended) => pending.whenFinished(ended)))
    }
    run = runtime.start(flow, undefined, {
      whenPending: watch,
      read:
        record === undefined
          ? (admitted) => readInput(trigger, call, runtime.bag, admitted)
          : (admitted) => record.read(admitted),
      deadlineMs: trigger.deadlineMs ?? deadlineMs,
      timings: serverTiming,
      metadata: () => httpMetadata(call, trigger, requestId, key),
      header: (name) => call.header(name),
      log: call.log,
    })
    // Reading a JSON body fails by itself when the client goes away: most of these runs never need a listener.
    const isCollected = trigger.body?.kind === 'json' && run.isReading
    if (!run.isFinished && !isCollected) watch(run)
  } catch (error) {
    return failed(error)
  }
  const record = recording
  const send = (outcome: HttpOutcome) => {
    if (record !== undefined) void record.finish(outcome).then(respond, failed)
    else respond(call.method === 'HEAD' ? withoutBody(outcome) : outcome)
  }
  const answered = (answer: unknown) => {
    if (record?.replay !== undefined) return respond(record.replay)
    let made: HttpOutcome | Promise<HttpOutcome>
    try {
      const headers = baseHeaders(call, requestId)
      if (serverTiming && run.timings.length > 0) headers['server-timing'] = timingHeader(run)
      const context = { call, run, bag: runtime.bag, requestId, status: trigger.status, headers }
      made = toOutcome(answer, record === undefined ? context : { ...context, texts: () => record.texts() })
    } catch (error) {
      return failed(error)
    }
    if (made instanceof Promise) void made.then(send, failed)
    else send(made)
  }
  run.whenAnswered({ answered, failed })
}

/**
 * The answer for an error, wherever it happened. Faults of the server are logged as errors, with their cause. A client's
 * mistake is not logged; a client that goes away, and a server that is closing, are logged as `info`.
 */
export function problemOutcome(
  error: unknown,
  call: HttpCall,
  requestId: string = requestIdOf(call),
  isClientGone = false,
): HttpOutcome {
  const problem = toProblem(error)
  if (isClientGone && isCancelled(error)) {
    call.log?.info({ requestId }, 'the client went away before it was answered')
  } else if (error instanceof RunError && error.failure === 'Draining') {
    call.log?.info({ requestId, flow: error.flow }, 'refused a request: the server is closing')
  } else if (problem.status >= 500) {
    const node = error instanceof RunError ? { flow: error.flow, node: error.node } : {}
    call.log?.error(
      { err: error, requestId, code: problem.code, ...node },
      `request failed: ${describeThrown(error)}`,
    )
  }
  const headers = {
    ...baseHeaders(call, requestId),
    'content-type': 'application/problem+json; charset=utf-8',
    ...problem.headers,
  }
  return {
    status: problem.status,
    headers,
    body: isBodiless(problem.status) ? null : problemText(problem, { path: call.path, requestId }),
  }
}

function isCancelled(error: unknown): boolean {
  return error instanceof RunError
    ? error.failure === 'Cancelled'
    : isCapabilityError(error) && error.kind === 'Cancelled'
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

/** The client's going away, as the run's cancellation. */
class Disconnect {
  readonly #call: HttpCall
  #gone = false

  constructor(call: HttpCall) {
    this.#call = call
  }

  get happened(): boolean {
    return this.#gone
  }

  cancels(run: HeldRun, recording: Recording | undefined): void {
    this.#call.onDisconnect(() => {
      this.#gone = true
      const cancel = () => run.cancel(new Error('the client disconnected'))
      if (recording?.goesOn === true) goOn(run, recording, cancel)
      else cancel()
    })
  }
}

/**
 * A run whose answer is recorded goes on without its client, for whoever asks again: until it is recorded, or will not be,
 * or has had the time of its deadline once more. A stream has no deadline of its own.
 */
function goOn(run: HeldRun, recording: Recording, cancel: () => void): void {
  recording.whenLetGo(cancel)
  const { deadlineMs } = run.request
  if (deadlineMs !== undefined) run.whenFinished(after(run.clock, deadlineMs, cancel, { background: true }))
}

/** `undefined` where no answer is recorded. HEAD has no answer of its own. */
function recordingOf(
  { flow, trigger }: HttpRoute,
  call: HttpCall,
  { bag }: Runtime,
  key: string | undefined,
  requestId: string,
): Recording | undefined {
  const recorded = trigger.idempotency
  if (recorded === null || key === undefined || call.method !== trigger.method) return undefined
  return new Recording({ flow, trigger, key, recorded, call, bag, base: baseHeaders(call, requestId) })
}

function requestIdOf(call: HttpCall, rng: RunRng = systemRng): string {
  return safeRequestId(call.header('x-request-id')) ?? rng.uuid()
}

function baseHeaders(call: HttpCall, requestId: string): Record<string, string> {
  const headers: Record<string, string> = { 'x-request-id': requestId, 'cache-control': 'no-store' }
  const traceparent = call.header('traceparent')
  if (traceparent !== undefined && isTraceparent(traceparent)) headers['traceparent'] = traceparent
  return headers
}

function httpMetadata(
  call: HttpCall,
  { path, preconditions }: HttpTrigger,
  requestId: string,
  idempotencyKey: string | undefined,
) {
  const traceparent = call.header('traceparent')
  const lastEventId = lastEventIdOf(call)
  return {
    'http.method': call.method,
    'http.path': call.path,
    'http.route': path,
    'http.query': call.query,
    'http.request_id': requestId,
    'http.user_agent': call.header('user-agent'),
    ...(lastEventId === undefined ? {} : { [lastEventIdField]: lastEventId }),
    ...(idempotencyKey === undefined ? {} : { 'http.idempotency_key': idempotencyKey }),
    ...(traceparent !== undefined && isTraceparent(traceparent) ? { 'http.traceparent': traceparent } : {}),
    ...(preconditions === 'flow' ? preconditionMetadata(call) : {}),
  }
}

/** As they were sent, for a flow that honours them itself. */
function preconditionMetadata(call: HttpCall) {
  return {
    'http.if_match': call.header('if-match'),
    'http.if_none_match': call.header('if-none-match'),
    'http.if_unmodified_since': call.header('if-unmodified-since'),
  }
}

/** W3C Trace Context: version, trace id, parent id, flags. */
function isTraceparent(value: string): boolean {
  return /^[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/.test(value)
}

/** At most 20 nodes: proxies bound header sizes. */
function timingHeader({ timings }: HeldRun): string {
  let text = ''
  const count = Math.min(timings.length, 20)
  for (let i = 0; i < count; i++) {
    const { node, ms } = timings[i] as Timing
    text += `${i === 0 ? '' : ', '}${tokenOf(node)};dur=${Math.round(ms * 100) / 100}`
  }
  return text
}

const tokens = new Map<string, string>()

/** A node's alias as an HTTP token. Aliases are few and fixed when flows are defined. */
function tokenOf(alias: string): string {
  let token = tokens.get(alias)
  if (token === undefined) tokens.set(alias, (token = alias.replaceAll(/[^\w!#$%&'*+.^`|~-]/g, '_')))
  return token
}
