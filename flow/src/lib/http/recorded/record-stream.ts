/**
 * Records bytes on their way to the client, at the client's pace; when it leaves, the rest at the recorder's own. The last
 * chunk is sent when all is recorded: a client that has the whole answer can have it again.
 */
import type { SegmentWriter } from './segment-writer.ts'

export interface RecordedStream {
  /** What the client reads. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>
  /** The client is gone: reads on to the end, as long as it is recorded. */
  detach(): void
}

export interface RecordedStreamParts {
  readonly source: ReadableStream<Uint8Array<ArrayBuffer>>
  readonly writer: SegmentWriter
  /** Called once, when the source has ended: whole, or with an error. Never rejects. */
  readonly ended: (isWhole: boolean) => Promise<void>
}

export function recordStream({ source, writer, ended }: RecordedStreamParts): RecordedStream {
  const reader = source.getReader()
  let last: Promise<unknown> = Promise.resolve()
  let isOver = false
  let isDetached = false
  /** The chunk that has been read and not yet handed to the client. */
  let held: Uint8Array<ArrayBuffer> | undefined

  async function read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (isOver) return undefined
    try {
      const { done, value } = await reader.read()
      if (!done) {
        await writer.add(value)
        return value
      }
    } catch (error) {
      isOver = true
      await ended(false)
      throw error
    }
    isOver = true
    await ended(true)
    return undefined
  }

  /** One reading at a time, whoever asks. */
  function next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const reading = last.then(read)
    last = reading.catch(() => undefined)
    return reading
  }

  async function readOn(): Promise<void> {
    try {
      while (!writer.isOver && (await next()) !== undefined);
      if (!isOver) await reader.cancel(new Error('the client disconnected'))
    } catch {
      // The source failed: `ended` has been called, and no client is left to learn of it.
    }
  }

  function detach(): void {
    if (isDetached) return
    isDetached = true
    void readOn()
  }

  const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        for (let isSent = false; !isSent; ) {
          const bytes = await next()
          if (held !== undefined) controller.enqueue(held)
          isSent = held !== undefined || bytes === undefined
          held = bytes
          if (bytes === undefined) controller.close()
        }
      },
      cancel: detach,
    },
    { highWaterMark: 0 },
  )
  return { body, detach }
}
