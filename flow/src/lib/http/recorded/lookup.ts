/** Looks for the record of a request: the key is free and now held, or there is an answer to send. */
import {
  type BlobStore,
  CapabilityError,
  type DedupeStore,
  isKind,
  type ResourceBag,
} from '@flowport/capabilities'
import type { RecordedAnswers } from '../../idempotency-option.ts'
import type { AdmittedRun } from '../../runtime/run-view.ts'
import type { HttpCall, HttpOutcome } from '../call.ts'
import { lastEventIdOf } from '../last-event-id.ts'
import type { HttpRoute } from '../route.ts'
import { digestOfBody } from './body-tap.ts'
import { type Finished, findRecording, follow } from './follow.ts'
import { Hold, InFlight, reserve } from './hold.ts'
import { ledgerKey } from './identity.ts'
import { type AnswerRecord, replayHeaders } from './record.ts'
import { replayOf } from './replay.ts'

export interface LookupParts extends HttpRoute {
  readonly recorded: RecordedAnswers
  readonly call: HttpCall
  readonly bag: ResourceBag
  /** Headers of every answer to this request. */
  readonly base: Readonly<Record<string, string>>
  readonly run: AdmittedRun
  /** Name of the record. */
  readonly name: string
  /** Folder of the caller. */
  readonly who: string
  readonly fingerprint: string
}

/**
 * The held key, or the recorded answer. A record whose body is gone or has changed is forgotten, and the flow runs again.
 * @throws CapabilityError `IDEM_IN_FLIGHT` (409) or `IDEM099` (422).
 */
export async function lookUp(parts: LookupParts): Promise<Hold | HttpOutcome> {
  const { run, call } = parts
  const from = lastEventIdOf(call)
  for (let isLast = false; ; isLast = true) {
    const found = await reserveIn(parts)
    if (found instanceof Hold) return found
    if (found instanceof InFlight) {
      const followed = from === undefined ? null : await followIn(parts, from)
      if (followed === null) throw found.error()
      return followed
    }
    await checkBody(found, parts)
    try {
      return await replayOf(found, { ...parts, from, failed: (error) => brokenOff(parts, error) })
    } catch (error) {
      if (isLast || !isKind(error, 'Corrupt', 'NotFound')) throw error
      run.log.warn({ err: error }, 'a recorded answer cannot be replayed; the request runs again')
      await forget(parts)
      if (found.request !== undefined) throw askAgain()
    }
  }
}

async function forget({ bag, name }: LookupParts): Promise<void> {
  await (bag.control('dedupe').view('write', undefined) as DedupeStore).forget(ledgerKey(name))
}

/** A part of the body is gone or has changed: the next request runs, instead of breaking off at the same place. */
function brokenOff(parts: LookupParts, error: unknown): void {
  const { log } = parts.run
  log.error({ err: error }, 'a recorded answer broke off while it was sent again')
  if (!isKind(error, 'Corrupt', 'NotFound')) return
  forget(parts).catch((failure: unknown) =>
    log.warn({ err: failure }, 'a broken record could not be forgotten'),
  )
}

function reserveIn({ bag, name, fingerprint, run }: LookupParts): Promise<Hold | AnswerRecord | InFlight> {
  return reserve(bag, ledgerKey(name), fingerprint, run)
}

/** A stream of events that is still being recorded goes on for a client that comes back; `null` for other answers. */
async function followIn(parts: LookupParts, after: string): Promise<HttpOutcome | null> {
  const { bag, recorded, run, who, name, base } = parts
  if (!bag.has(recorded.store)) return null
  const store = bag.control(recorded.store).view('read', { signal: run.signal }) as BlobStore
  const found = await findRecording({ store, who, name })
  if (found === null) return null
  const { folder, head } = found
  const failed = (error: unknown) => brokenOff(parts, error)
  const look = async (): Promise<Finished | 'going on' | 'given up'> => {
    const state = await reserveIn(parts)
    if (state instanceof InFlight) return 'going on'
    if (state instanceof Hold) await state.release()
    else if (state.folder === folder)
      return { rest: async (from) => (await replayOf(state, { ...parts, from, failed })).body }
    return 'given up'
  }
  // The stores stay open until the stream has ended.
  const ended = run.holdOpen()
  const body = follow({ store, folder, after, clock: run.clock, signal: run.signal, look, ended })
  return { status: head.status, headers: replayHeaders(head, base), body }
}

/** A streamed body that comes again is read and digested, and nothing of it is stored. */
async function checkBody({ request }: AnswerRecord, { trigger, call, run }: LookupParts): Promise<void> {
  if (request === undefined || trigger.body === null) return
  if ((await digestOfBody(trigger.body, call, run.digest)) === request) return
  throw new CapabilityError('ConditionNotMatch', 'the key was used with another body; use a new key', {
    capability: 'dedupe',
    operation: 'begin',
    code: 'IDEM099',
  })
}

/** The body has been read, and what it was read for is gone: it must be sent once more for the flow to run. */
function askAgain(): CapabilityError {
  return new CapabilityError('Unavailable', 'the recorded answer is gone; send the request again', {
    code: 'IDEM_RECORD_LOST',
    retryAfterMs: 1_000,
  })
}
