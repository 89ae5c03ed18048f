/** Sends a stream of events that is still being recorded, in this process or another one, from after an event. */
import type { BlobStore, Clock } from '@flowport/capabilities'
import type { HttpOutcome } from '../call.ts'
import { EventFinder } from './event-finder.ts'
import { headKey, placeOf, recordFolder, segmentKey } from './place.ts'
import type { AnswerRecord } from './record.ts'

/** Pause between two looks at a recording that has nothing new, in milliseconds. */
const pollMs = 250

/** What is stored of a stream when it begins. */
export type RecordedHead = Pick<AnswerRecord, 'status' | 'headers' | 'expiresAt'>

export interface Recordings {
  readonly store: BlobStore
  readonly who: string
  readonly name: string
}

/** The newest recording of a record that is a stream; `null` where there is none. */
export async function findRecording({
  store,
  who,
  name,
}: Recordings): Promise<{ readonly folder: string; readonly head: RecordedHead } | null> {
  if (store.info.features.list === false) return null
  let newest: { folder: string; expiresAt: number } | undefined
  for await (const { key } of store.entries({ prefix: recordFolder({ who, name }) })) {
    const expiresAt = placeOf(key)?.expiresAt ?? 0
    if (key.endsWith('/head') && expiresAt >= (newest?.expiresAt ?? 0))
      newest = { folder: key.slice(0, -'head'.length), expiresAt }
  }
  if (newest === undefined) return null
  const head = await (await store.get(headKey(newest.folder)))?.json()
  return head === undefined ? null : { folder: newest.folder, head: head as RecordedHead }
}

export interface FollowParts {
  readonly store: BlobStore
  readonly folder: string
  /** The client has this event, and those before it. Empty: it has none. */
  readonly after: string
  readonly clock: Clock
  readonly signal: AbortSignal
  /** How the record stands: the rest of it from an offset, `'going on'`, or `'given up'`. */
  readonly look: () => Promise<Finished | 'going on' | 'given up'>
  /** Called once, when the stream has ended or its reader is gone. */
  readonly ended: () => void
}

/** A recording that is complete. */
export interface Finished {
  /** Its body from a byte on, or after an event. */
  rest(from: number | string): Promise<HttpOutcome['body']>
}

export function follow(parts: FollowParts): ReadableStream<Uint8Array<ArrayBuffer>> {
  const chunks = chunksOf(parts)
  const { ended } = parts
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await chunks.next()
          if (done !== true) return controller.enqueue(value)
          controller.close()
        } catch (error) {
          controller.error(error)
        }
        ended()
      },
      async cancel() {
        ended()
        await chunks.return()
      },
    },
    { highWaterMark: 0 },
  )
}

async function* chunksOf(parts: FollowParts): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const { store, folder, after, clock, signal, look } = parts
  const finder = new EventFinder(after)
  /** Bytes of the recording that the client has; `undefined` until the event is found. */
  let sent: number | undefined = after === '' ? 0 : undefined
  let position = 0
  for (let index = 0; ; ) {
    const bytes = await (await store.get(segmentKey(folder, index), { signal }))?.bytes()
    if (bytes !== undefined) {
      index++
      sent ??= finder.feed(bytes)
      const from = sent === undefined ? bytes.byteLength : Math.max(0, sent - position)
      position += bytes.byteLength
      if (from >= bytes.byteLength) continue
      sent = position
      yield bytes.subarray(from)
      continue
    }
    const state = await look()
    // The client connects again, with the last event it has got by then.
    if (state === 'given up') return
    if (state !== 'going on') return yield* chunksIn(await state.rest(sent ?? after))
    await clock.sleep(pollMs, { signal })
  }
}

async function* chunksIn(body: HttpOutcome['body']): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  if (!(body instanceof ReadableStream)) return
  const reader = body.getReader()
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value
  } finally {
    await reader.cancel()
  }
}
