/** One request with an `Idempotency-Key`: it is answered from a record, refused, or run and recorded. */
import type { ResourceBag } from '@flowport/capabilities'
import { inlineBytes, type RecordedAnswers } from '../../idempotency-option.ts'
import { Answered } from '../../runtime/answered.ts'
import { RunError } from '../../runtime/errors.ts'
import type { AdmittedRun } from '../../runtime/run-view.ts'
import type { HttpCall, HttpOutcome } from '../call.ts'
import { jsonBytes, messageOfJson, readInput } from '../input.ts'
import { HttpProblem } from '../problem.ts'
import { checkRequirements } from '../requirements.ts'
import type { HttpRoute } from '../route.ts'
import { fingerprintOf } from './fingerprint.ts'
import { Hold, reserve } from './hold.ts'
import { callerOf, ledgerKey, recordName } from './identity.ts'
import {
  type AnswerRecord,
  expiryHeader,
  notRecordedHeader,
  type RecordedBody,
  recordOf,
  replayHeaders,
} from './record.ts'

export interface RecordingParts extends HttpRoute {
  readonly key: string
  readonly recorded: RecordedAnswers
  readonly call: HttpCall
  readonly bag: ResourceBag
  /** Headers of every answer to this request. */
  readonly base: Readonly<Record<string, string>>
}

export class Recording {
  readonly #parts: RecordingParts
  #run: AdmittedRun | undefined
  #hold: Hold | undefined
  #expiresAt = 0
  #hasStarted = false
  #replay: HttpOutcome | undefined

  constructor(parts: RecordingParts) {
    this.#parts = parts
  }

  /** The recorded answer, where there is one. */
  get replay(): HttpOutcome | undefined {
    return this.#replay
  }

  /** Whether the run goes on when its client leaves: its answer is for whoever asks again. */
  get isHeld(): boolean {
    return this.#hold !== undefined && !this.#hold.isEnded
  }

  /** The flow's input, or `Answered` when the answer is recorded. Called when the hooks have admitted the request. */
  async read(run: AdmittedRun): Promise<unknown> {
    const { trigger, call, bag } = this.#parts
    this.#run = run
    checkRequirements(trigger, call)
    const { body } = trigger
    const isJson = body?.kind === 'json'
    const bytes = isJson ? await jsonBytes(body, call) : new Uint8Array(0)
    const [name, fingerprint] = await Promise.all([this.#name(run), fingerprintOf(call, bytes, run.digest)])
    const found = await reserve(bag, ledgerKey(name), fingerprint, run)
    if (!(found instanceof Hold)) return this.#answered(found)
    this.#hold = found
    this.#expiresAt = run.clock.now() + this.#parts.recorded.ttlMs
    const input = await (isJson ? messageOfJson(trigger, call, bytes) : readInput(trigger, call, bag, run))
    this.#hasStarted = true
    return input
  }

  /** Records the answer where it is to be recorded, and says in its headers whether it was. */
  async finish(outcome: HttpOutcome): Promise<HttpOutcome> {
    if (!this.isHeld) return outcome
    const body = isRecordable(outcome.status) ? this.#recordedBody(outcome) : null
    if (body === null) return this.#unrecorded(outcome)
    const isKept = await this.#hold?.complete(recordOf(outcome, body, this.#expiresAt))
    const said = isKept === true ? expiryHeader(this.#expiresAt) : notRecordedHeader
    return { ...outcome, headers: { ...outcome.headers, ...said } }
  }

  /** The answer to an error: recorded when a node decided it with `problem()`. */
  async finishFailed(outcome: HttpOutcome, error: unknown): Promise<HttpOutcome> {
    if (!this.isHeld) return outcome
    return this.#hasStarted && isDecided(error) ? this.finish(outcome) : this.#unrecorded(outcome)
  }

  #name(run: AdmittedRun): Promise<string> {
    const { flow, trigger, key } = this.#parts
    return recordName(callerOf(run.metadata), flow, trigger, key, run.digest)
  }

  #answered(record: AnswerRecord): Answered {
    const { status, body } = record
    const headers = replayHeaders(record, this.#parts.base)
    this.#replay = { status, headers, body: body.kind === 'text' ? body.text : null }
    return new Answered(undefined)
  }

  async #unrecorded(outcome: HttpOutcome): Promise<HttpOutcome> {
    await this.#hold?.release()
    return { ...outcome, headers: { ...outcome.headers, ...notRecordedHeader } }
  }

  #recordedBody({ body }: HttpOutcome): RecordedBody | null {
    if (body === null) return { kind: 'none' }
    if (typeof body !== 'string') return null
    const { bag, recorded } = this.#parts
    const most = Math.min(
      inlineBytes(bag.require('dedupe').info.limits.maxResultBytes),
      recorded.maxRecordedBytes,
    )
    // A character is three bytes of UTF-8 at most.
    if (body.length * 3 <= most || new TextEncoder().encode(body).byteLength <= most)
      return { kind: 'text', text: body }
    this.#run?.log.info(
      { bytes: body.length },
      'an answer is too large to be recorded; it is sent all the same',
    )
    return null
  }
}

/** Whether an answer of this status is worth replaying. What a later try may do better is not recorded. */
function isRecordable(status: number): boolean {
  if (status === 206 || status === 304 || status >= 500) return false
  return status !== 401 && status !== 403 && status !== 429
}

/** A node's `problem()` is an answer like any. Other errors say that the flow could not be run to its end. */
function isDecided(error: unknown): boolean {
  if (!(error instanceof RunError) || error.failure !== 'NodeFailed') return false
  return error.cause instanceof HttpProblem && !error.cause.code.startsWith('IDEM')
}
