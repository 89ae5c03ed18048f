/** One request with an `Idempotency-Key`: it is answered from a record, refused, or run and recorded. */
import { CapabilityError, type DedupeStore, isKind, type ResourceBag } from '@flowport/capabilities'
import type { RecordedAnswers } from '../../idempotency-option.ts'
import { Answered } from '../../runtime/answered.ts'
import type { AdmittedRun } from '../../runtime/run-view.ts'
import type { HttpCall, HttpOutcome } from '../call.ts'
import { jsonBytes, messageOfJson, readInput } from '../input.ts'
import { checkRequirements } from '../requirements.ts'
import type { HttpRoute } from '../route.ts'
import { AnswerRecorder, type TextRecorder } from './answer-recorder.ts'
import { DigestingTap, digestOfBody } from './body-tap.ts'
import { isDecided } from './decided.ts'
import { fingerprintOf, streamedFingerprint } from './fingerprint.ts'
import { Hold, reserve } from './hold.ts'
import { callerOf, folderNameOf, ledgerKey, recordName } from './identity.ts'
import type { AnswerRecord } from './record.ts'
import { replayOf } from './replay.ts'

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
    const caller = callerOf(run.metadata)
    const { body } = trigger
    const isJson = body?.kind === 'json'
    const isStreamed = body !== null && !isJson
    const bytes = isJson ? await jsonBytes(body, call) : new Uint8Array(0)
    const [name, who, fingerprint] = await Promise.all([
      recordName(caller, flow, trigger, key, run.digest),
      folderNameOf(caller, run.digest),
      isStreamed ? streamedFingerprint(call, run.digest) : fingerprintOf(call, bytes, run.digest),
    ])
    const hold = await this.#holdOrReplay(name, fingerprint, run)
    if (hold === null) return new Answered(undefined)
    if (isStreamed) this.#tap = new DigestingTap(run.digest)
    this.#recorder = new AnswerRecorder({ hold, run, recorded, bag, call, who, name, tap: this.#tap })
    const input = await (isJson
      ? messageOfJson(trigger, call, bytes)
      : readInput(trigger, call, bag, run, this.#tap))
    this.#hasStarted = true
    return input
  }

  /** For the text of a streamed answer; `undefined` where it is not recorded. */
  texts(): TextRecorder | undefined {
    return this.#isHeld ? this.#recorder?.texts() : undefined
  }

  /** Records the answer where it is to be recorded, and says in its headers whether it is. */
  async finish(outcome: HttpOutcome): Promise<HttpOutcome> {
    return this.#recorder?.finish(outcome) ?? outcome
  }

  /** The answer to an error: recorded when a node decided it with `problem()`. */
  async finishFailed(outcome: HttpOutcome, error: unknown): Promise<HttpOutcome> {
    if (this.#recorder === undefined || !this.#isHeld) return outcome
    return this.#hasStarted && isDecided(error)
      ? this.#recorder.finish(outcome)
      : this.#recorder.drop(outcome)
  }

  /** `null` when there is a replay. A record whose body is gone or has changed is forgotten, and the flow runs again. */
  async #holdOrReplay(name: string, fingerprint: string, run: AdmittedRun): Promise<Hold | null> {
    const { bag, recorded, base } = this.#parts
    for (let isLast = false; ; isLast = true) {
      const found = await reserve(bag, ledgerKey(name), fingerprint, run)
      if (found instanceof Hold) return found
      await this.#checkBody(found, run)
      try {
        this.#replay = await replayOf(found, { recorded, bag, run, base })
        return null
      } catch (error) {
        if (isLast || !isKind(error, 'Corrupt', 'NotFound')) throw error
        run.log.warn({ err: error }, 'a recorded answer cannot be replayed; the request runs again')
        const ledger = bag.control('dedupe').view('write', { signal: run.signal }) as DedupeStore
        await ledger.forget(ledgerKey(name))
        if (found.request !== undefined) throw askAgain()
      }
    }
  }

  /** A streamed body that comes again is read and digested, and nothing of it is stored. @throws CapabilityError `IDEM099`. */
  async #checkBody({ request }: AnswerRecord, run: AdmittedRun): Promise<void> {
    const { trigger, call } = this.#parts
    if (request === undefined || trigger.body === null) return
    if ((await digestOfBody(trigger.body, call, run.digest)) === request) return
    throw new CapabilityError('ConditionNotMatch', 'the key was used with another body; use a new key', {
      capability: 'dedupe',
      operation: 'begin',
      code: 'IDEM099',
    })
  }
}

/** The body has been read, and what it was read for is gone: it must be sent once more for the flow to run. */
function askAgain(): CapabilityError {
  return new CapabilityError('Unavailable', 'the recorded answer is gone; send the request again', {
    code: 'IDEM_RECORD_LOST',
    retryAfterMs: 1_000,
  })
}
