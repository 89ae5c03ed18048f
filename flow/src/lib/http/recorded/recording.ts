/** One request with an `Idempotency-Key`: it is answered from a record, refused, or run and recorded. */
import type { Logger } from '@flowport/capabilities'
import { Answered } from '../../runtime/answered.ts'
import { callerOf } from '../../runtime/owner.ts'
import type { AdmittedRun } from '../../runtime/run-view.ts'
import type { HttpOutcome } from '../call.ts'
import { jsonBytes, messageOfJson, readInput } from '../input.ts'
import { lastEventIdOf } from '../last-event-id.ts'
import { checkRequirements } from '../requirements.ts'
import type { HttpTrigger } from '../../trigger.ts'
import { AnswerRecorder, type TextRecorder } from './answer-recorder.ts'
import { DigestingTap } from './body-tap.ts'
import { isDecided } from './decided.ts'
import { fingerprintOf, streamedFingerprint } from './fingerprint.ts'
import { Hold } from './hold.ts'
import { folderNameOf, recordName } from './identity.ts'
import { type LookupParts, lookUp } from './lookup.ts'

export interface RecordingParts extends Omit<LookupParts, 'run' | 'name' | 'who' | 'fingerprint'> {
  readonly key: string
}

export class Recording {
  readonly #parts: RecordingParts
  #recorder: AnswerRecorder | undefined
  #tap: DigestingTap | undefined
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
  get goesOn(): boolean {
    return this.#isHeld && this.#hasStarted && this.#tap?.isWhole !== false
  }

  get #isHeld(): boolean {
    return this.#recorder?.isHeld === true
  }

  /** Calls `listener` when the run is no longer recorded: its answer is, or it will not be. */
  whenLetGo(listener: () => void): void {
    this.#recorder?.whenLetGo(listener)
  }

  /** The flow's input, or `Answered` when the answer is recorded. Called when the hooks have admitted the request. */
  async read(run: AdmittedRun): Promise<unknown> {
    const { flow, trigger, call, bag, key, recorded } = this.#parts
    checkRequirements(trigger, call)
    const caller = callerOf(run)
    if (caller.principal === undefined) warnOfShared(this.#parts, run.log)
    const { body } = trigger
    const isJson = body?.kind === 'json'
    const isStreamed = body !== null && !isJson
    const bytes = isJson ? await jsonBytes(body, call) : new Uint8Array(0)
    const [name, who, fingerprint] = await Promise.all([
      recordName(caller, flow, trigger, key, run.digest),
      folderNameOf(caller, run.digest),
      isStreamed ? streamedFingerprint(call, run.digest) : fingerprintOf(call, bytes, run.digest),
    ])
    const found = await lookUp({ ...this.#parts, run, name, who, fingerprint })
    if (!(found instanceof Hold)) {
      this.#replay = found
      return new Answered(undefined)
    }
    if (isStreamed) this.#tap = new DigestingTap(run.digest)
    this.#recorder = new AnswerRecorder({ hold: found, run, recorded, bag, call, who, name, tap: this.#tap })
    const input = await (isJson
      ? messageOfJson(trigger, call, bytes)
      : readInput(trigger, call, bag, run, this.#tap))
    this.#hasStarted = true
    return input
  }

  /** For the text of a streamed answer; `undefined` where it is not recorded. */
  texts(): TextRecorder | undefined {
    return this.#isHeld && !this.#isContinued ? this.#recorder?.texts() : undefined
  }

  /** Records the answer where it is to be recorded, and says in its headers whether it is. */
  async finish(outcome: HttpOutcome): Promise<HttpOutcome> {
    if (this.#recorder === undefined) return outcome
    const isPart = typeof outcome.body === 'function' && this.#isContinued
    return isPart ? this.#recorder.drop(outcome) : this.#recorder.finish(outcome)
  }

  /** The answer to an error: recorded when a node decided it with `problem()`. */
  async finishFailed(outcome: HttpOutcome, error: unknown): Promise<HttpOutcome> {
    if (this.#recorder === undefined || !this.#isHeld) return outcome
    return this.#hasStarted && isDecided(error)
      ? this.#recorder.finish(outcome)
      : this.#recorder.drop(outcome)
  }

  /**
   * Whether the client has the beginning of the stream already. A flow that reads `lastEventId` sends only the rest then,
   * which must not be recorded as the whole answer.
   */
  get #isContinued(): boolean {
    return (lastEventIdOf(this.#parts.call) ?? '') !== ''
  }
}

/** Routes for which the warning has been logged. */
const warned = new WeakSet<HttpTrigger>()

/**
 * Warns once per route when requests carry credentials and no hook names a principal: such callers share their keys, and
 * with them their answers.
 */
function warnOfShared({ flow, trigger, call }: RecordingParts, log: Logger): void {
  if (call.header('authorization') === undefined || warned.has(trigger)) return
  warned.add(trigger)
  log.warn(
    { flow: flow.name },
    'requests with Authorization are recorded for anonymous callers, who share their Idempotency-Keys: return { principal } from a hook',
  )
}
