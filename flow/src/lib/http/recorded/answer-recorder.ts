/** Records the answer of a run whose key is held: small bodies in the ledger, others in segments while they are sent. */
import { after, type BlobStore, type ResourceBag } from '@flowport/capabilities'
import { inlineBytes, type RecordedAnswers } from '../../idempotency-option.ts'
import type { AdmittedRun } from '../../runtime/run-view.ts'
import type { HttpCall, HttpOutcome, HttpSink } from '../call.ts'
import type { DigestingTap } from './body-tap.ts'
import { isRecordable } from './decided.ts'
import type { Hold } from './hold.ts'
import { anonymous, folderOf } from './place.ts'
import { type AnswerRecord, expiryHeader, notRecordedHeader, type RecordedBody, recordOf } from './record.ts'
import { recordStream } from './record-stream.ts'
import { isEventStream } from './replay.ts'
import { SegmentWriter } from './segment-writer.ts'

export interface AnswerRecorderParts {
  readonly hold: Hold
  readonly run: AdmittedRun
  readonly recorded: RecordedAnswers
  readonly bag: ResourceBag
  readonly call: HttpCall
  /** Folder of the caller, see `place.ts`. */
  readonly who: string
  readonly name: string
  /** Digests the request's body, where that is streamed. */
  readonly tap: DigestingTap | undefined
}

/** Records text that is sent over time. */
export interface TextRecorder {
  /** Resolves when the next text can be taken. */
  write(text: string): Promise<void>
  /** The text has ended: whole, or because it failed. */
  end(isWhole: boolean): Promise<void>
}

/** Text waits no longer than this for more of its segment. */
const flushMs = 500

export class AnswerRecorder {
  readonly #parts: AnswerRecorderParts
  readonly #expiresAt: number
  /** Status and headers, known when the answer begins. */
  #head: Pick<HttpOutcome, 'status' | 'headers'> | undefined
  /** Records the text of a streamed answer. */
  #texts: SegmentWriter | undefined
  readonly #isMarked: Promise<boolean>

  constructor(parts: AnswerRecorderParts) {
    this.#parts = parts
    this.#expiresAt = parts.run.clock.now() + parts.recorded.ttlMs
    this.#isMarked = this.#mark()
  }

  get isHeld(): boolean {
    return !this.#parts.hold.isEnded
  }

  whenLetGo(listener: () => void): void {
    this.#parts.hold.whenEnded(listener)
  }

  /** Records the answer, or begins to; its headers say whether and until when. */
  finish(outcome: HttpOutcome): Promise<HttpOutcome> | HttpOutcome {
    const { status, headers, body } = outcome
    if (!this.isHeld) return outcome
    if (!isRecordable(status)) return this.drop(outcome)
    this.#head = { status, headers }
    if (body === null || typeof body === 'string') return this.#finishText(outcome, body)
    if (typeof body === 'function') return this.#finishPushed(outcome, body)
    const length = Number(headers['content-length'] ?? Number.NaN)
    // An empty answer ends with its head: it is recorded before the head is sent.
    if (length === 0) return body.cancel().then(() => this.#finishText(outcome, ''))
    return length > this.#parts.recorded.maxRecordedBytes
      ? this.#tooLarge(outcome, length)
      : this.#finishBytes(outcome, body)
  }

  /** Gives the key back: the answer is not recorded. */
  async drop(outcome: HttpOutcome): Promise<HttpOutcome> {
    await this.#parts.hold.release()
    return said(outcome, notRecordedHeader)
  }

  /** For a stream whose text is recorded as it is made, before it is sent. */
  texts(): TextRecorder {
    const writer = this.#writer()
    this.#texts = writer
    const encoder = new TextEncoder()
    const { clock } = this.#parts.run
    let stopTimer: (() => void) | undefined
    return {
      async write(text) {
        if (writer.isOver) return
        stopTimer ??= after(clock, flushMs, () => {
          stopTimer = undefined
          void writer.flush()
        })
        await writer.add(encoder.encode(text))
      },
      end: (isWhole) => {
        stopTimer?.()
        return this.#ended(writer, isWhole)
      },
    }
  }

  async #finishText(outcome: HttpOutcome, text: string | null): Promise<HttpOutcome> {
    const body = await this.#bodyOf(text)
    const isKept = body !== null && (await this.#complete(body))
    return said(outcome, isKept ? expiryHeader(this.#expiresAt) : notRecordedHeader)
  }

  async #bodyOf(text: string | null): Promise<RecordedBody | null> {
    if (text === null) return { kind: 'none' }
    const most = this.#inlineBytes()
    // A character is three bytes of UTF-8 at most.
    if (text.length * 3 <= most) return { kind: 'text', text }
    const bytes = new TextEncoder().encode(text)
    if (bytes.byteLength <= most) return { kind: 'text', text }
    const writer = this.#writer()
    await writer.add(bytes)
    return writer.end()
  }

  #finishBytes(outcome: HttpOutcome, source: ReadableStream<Uint8Array<ArrayBuffer>>): HttpOutcome {
    const writer = this.#writer()
    const { body, detach } = recordStream({
      source,
      writer,
      ended: (isWhole) => this.#ended(writer, isWhole),
    })
    this.#parts.call.onDisconnect(detach)
    return { ...said(outcome, expiryHeader(this.#expiresAt)), body }
  }

  /** When the client leaves before its host has asked for the text, the text is made for the record alone. */
  #finishPushed(outcome: HttpOutcome, write: (sink: HttpSink) => Promise<void>): HttpOutcome {
    const { status, headers } = outcome
    if (isEventStream(headers))
      this.#texts?.storeHead(JSON.stringify(this.#recordOf({ status, headers }, { kind: 'none' })))
    let hasBegun = false
    const body = async (sink: HttpSink) => {
      if (hasBegun) return
      hasBegun = true
      await write(sink)
    }
    this.#parts.call.onDisconnect(() => {
      if (this.isHeld) void body({ write: () => undefined })
    })
    return { ...said(outcome, expiryHeader(this.#expiresAt)), body }
  }

  #tooLarge(outcome: HttpOutcome, bytes: number): Promise<HttpOutcome> {
    const { run, recorded } = this.#parts
    const { maxRecordedBytes: maxBytes } = recorded
    run.log.info(
      { bytes, maxBytes },
      'an answer is not recorded, and is sent all the same: it is larger than maxRecordedBytes',
    )
    return this.drop(outcome)
  }

  async #ended(writer: SegmentWriter, isWhole: boolean): Promise<void> {
    const body = isWhole && !writer.isOver ? await writer.end() : null
    if (body !== null && (await this.#complete(body))) return
    await writer.discard()
    await this.#parts.hold.release()
  }

  async #complete(body: RecordedBody): Promise<boolean> {
    const { hold, tap, run } = this.#parts
    if (this.#head === undefined) return false
    const request = await tap?.end()
    if (request === null)
      run.log.info({}, 'an answer is not recorded: its flow left part of the request unread')
    else if (await this.#isMarked) return hold.complete(this.#recordOf(this.#head, body, request))
    await hold.release()
    return false
  }

  #recordOf(
    head: Pick<HttpOutcome, 'status' | 'headers'>,
    body: RecordedBody,
    request?: string,
  ): AnswerRecord {
    return recordOf(head, body, { expiresAt: this.#expiresAt, request, folder: this.#texts?.folder })
  }

  /**
   * Leaves an empty object in the caller's folder, while the flow runs: the ledger cannot list, and what it holds for a
   * caller must be found when it is to be erased. Resolves `false` where the object could not be stored.
   */
  async #mark(): Promise<boolean> {
    const { who, run } = this.#parts
    const store = this.#store()
    if (who === anonymous || store === undefined) return true
    try {
      await store.put(`${this.#folder()}caller`, '')
      return true
    } catch (error) {
      run.log.warn(
        { err: error },
        'an answer is not recorded: its caller could not be noted in the blob store',
      )
      return false
    }
  }

  #store(): BlobStore | undefined {
    const { bag, recorded } = this.#parts
    return bag.has(recorded.store)
      ? (bag.control(recorded.store).view('write', undefined) as BlobStore)
      : undefined
  }

  #folder(): string {
    const { who, name, run } = this.#parts
    return folderOf({ who, name, expiresAt: this.#expiresAt, id: run.rng.uuid() })
  }

  #writer(): SegmentWriter {
    const { recorded, run, hold } = this.#parts
    return new SegmentWriter({
      store: this.#store(),
      folder: this.#folder(),
      maxBytes: recorded.maxRecordedBytes,
      inlineBytes: this.#inlineBytes(),
      digest: run.digest,
      log: run.log,
      gaveUp: () => void hold.release(),
    })
  }

  #inlineBytes(): number {
    const { bag, recorded } = this.#parts
    return Math.min(inlineBytes(bag.require('dedupe').info.limits.maxResultBytes), recorded.maxRecordedBytes)
  }
}

function said(outcome: HttpOutcome, headers: Readonly<Record<string, string>>): HttpOutcome {
  return { ...outcome, headers: { ...outcome.headers, ...headers } }
}
