/** A recorded answer as it is sent again. */
import { type BlobStore, CapabilityError, type ResourceBag } from '@flowport/capabilities'
import type { RecordedAnswers } from '../../idempotency-option.ts'
import type { RunView } from '../../runtime/run-view.ts'
import type { HttpOutcome } from '../call.ts'
import { RecordedSegments } from './manifest.ts'
import { type AnswerRecord, replayHeaders } from './record.ts'

export interface ReplayParts {
  readonly recorded: RecordedAnswers
  readonly bag: ResourceBag
  readonly run: Pick<RunView, 'digest' | 'signal'>
  /** Headers of the request that asks now. */
  readonly base: Readonly<Record<string, string>>
}

/** @throws CapabilityError `Corrupt` when the body is gone or has changed. */
export async function replayOf(record: AnswerRecord, parts: ReplayParts): Promise<HttpOutcome> {
  const { status, body } = record
  const headers = replayHeaders(record, parts.base)
  switch (body.kind) {
    case 'none':
      return { status, headers, body: null }
    case 'text':
      return { status, headers, body: body.text }
    case 'base64': {
      const bytes = Uint8Array.from(atob(body.base64), (character) => character.charCodeAt(0))
      return { status, headers: sized(headers, bytes.byteLength), body: streamOf(bytes) }
    }
    case 'segments': {
      const { recorded, bag, run } = parts
      if (!bag.has(recorded.store)) throw unbound(recorded.store)
      const store = bag.control(recorded.store).view('read', { signal: run.signal }) as BlobStore
      const segments = await RecordedSegments.open(store, body, run.digest)
      return { status, headers: sized(headers, body.bytes), body: await segments.stream() }
    }
  }
}

/** A stream of events has no length, as when it was sent first. */
function sized(headers: Record<string, string>, bytes: number): Record<string, string> {
  const isOpen = /^(?:text\/event-stream|application\/x-ndjson)/.test(headers['content-type'] ?? '')
  return isOpen ? headers : { ...headers, 'content-length': String(bytes) }
}

function streamOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start(controller) {
      if (bytes.byteLength > 0) controller.enqueue(bytes)
      controller.close()
    },
  })
}

function unbound(store: string): CapabilityError {
  return new CapabilityError('Corrupt', `the recorded answer is in ${store}, which is not bound here`, {
    capability: store,
    operation: 'get',
    retryable: 'never',
  })
}
