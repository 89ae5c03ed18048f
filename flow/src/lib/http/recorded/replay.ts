/** A recorded answer as it is sent again: whole, or a stream of events from where its client has it. */
import { type BlobStore, CapabilityError, type ResourceBag } from '@flowport/capabilities'
import type { RecordedAnswers } from '../../idempotency-option.ts'
import type { RunView } from '../../runtime/run-view.ts'
import type { HttpOutcome } from '../call.ts'
import { EventFinder } from './event-finder.ts'
import { RecordedSegments } from './manifest.ts'
import { type AnswerRecord, replayHeaders } from './record.ts'

export interface ReplayParts {
  readonly recorded: RecordedAnswers
  readonly bag: ResourceBag
  readonly run: Pick<RunView, 'digest' | 'signal'>
  /** Headers of the request that asks now. */
  readonly base: Readonly<Record<string, string>>
  /**
   * Where a stream of events goes on: after the event with this id (from the beginning where there is none), or at this byte.
   * Default: the beginning.
   */
  readonly from?: string | number | undefined
  /** Called when the replay has begun and cannot be ended. */
  readonly failed: (error: unknown) => void
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
      return {
        status,
        headers: sized(headers, bytes.byteLength),
        body: streamOf(bytes.subarray(await startOf([bytes], headers, parts))),
      }
    }
    case 'segments': {
      const { recorded, bag, run } = parts
      if (!bag.has(recorded.store)) throw unbound(recorded.store)
      const store = bag.control(recorded.store).view('read', { signal: run.signal }) as BlobStore
      const segments = await RecordedSegments.open(store, body, run.digest)
      const start = await startOf(segments.each(), headers, parts)
      return { status, headers: sized(headers, body.bytes), body: await segments.stream(start, parts.failed) }
    }
  }
}

/** The byte at which the replay begins. */
async function startOf(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  headers: Readonly<Record<string, string>>,
  { from }: ReplayParts,
): Promise<number> {
  if (typeof from === 'number') return from
  if (from === undefined || from === '' || !isEventStream(headers)) return 0
  const finder = new EventFinder(from)
  for await (const bytes of chunks) {
    const offset = finder.feed(bytes)
    if (offset !== undefined) return offset
  }
  return 0
}

export function isEventStream(headers: Readonly<Record<string, string>>): boolean {
  return headers['content-type']?.startsWith('text/event-stream') === true
}

/** A stream of items has no length, as when it was sent first. */
function sized(headers: Record<string, string>, bytes: number): Record<string, string> {
  const isOpen =
    isEventStream(headers) || headers['content-type']?.startsWith('application/x-ndjson') === true
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
