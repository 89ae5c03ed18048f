/** Streamed answers as server-sent events or NDJSON: one codec for every host. */
import { type Clock, every, type Logger } from '@flowport/capabilities'
import { isStreamEvent } from '../node.ts'
import { describeThrown, RunError } from '../runtime/errors.ts'
import { answerText } from './answer-text.ts'
import type { HttpSink } from './call.ts'
import type { TextRecorder } from './recorded/answer-recorder.ts'
import { isDecided } from './recorded/decided.ts'
import { problemText, toProblem } from './problem.ts'

/** Silence after which a comment keeps the connection open. */
const heartbeatMs = 15_000
/** What clients wait before they connect again. */
const reconnectMs = 3_000

export interface StreamOptions {
  readonly form: 'sse' | 'ndjson'
  /** Name of the flow, for the log. */
  readonly flow: string
  readonly requestId: string
  readonly path: string
  readonly log: Logger
  readonly clock: Clock
  /** Gets all that is sent but the heartbeat. Default: it is not recorded. */
  readonly recorder?: TextRecorder | undefined
}

/** Writes the items at the reader's pace. A failure becomes the last event; it is never thrown. */
export function streamBody(
  items: AsyncIterator<unknown>,
  { form, flow, requestId, path, log, clock, recorder }: StreamOptions,
) {
  const encode = form === 'sse' ? encodeEvent : encodeLine
  const json = (value: unknown) => answerText(value, flow)
  return async (sink: HttpSink): Promise<void> => {
    let wrote = true
    let isFull = false
    const send = async (text: string): Promise<void> => {
      await recorder?.write(text)
      await sink.write(text)
    }
    const stopHeartbeat =
      form === 'sse'
        ? every(clock, heartbeatMs, () => {
            // A reader that has not caught up needs no sign of life.
            if (!wrote && !isFull) void sink.write(': keep-alive\n\n')
            wrote = false
          })
        : undefined
    try {
      if (form === 'sse') await send(`retry: ${reconnectMs}\n\n`)
      for (;;) {
        const { done, value } = await items.next()
        if (done === true) {
          if (value !== undefined) await send(encode('result', undefined, json(value)))
          await recorder?.end(true)
          return
        }
        const text = isStreamEvent(value)
          ? encode(value.event, value.id, json(value.data))
          : encode(undefined, undefined, json(value))
        wrote = true
        if (recorder !== undefined) await recorder.write(text)
        const full = sink.write(text)
        if (full === undefined) continue
        isFull = true
        await full
        isFull = false
      }
    } catch (error) {
      const problem = toProblem(error)
      if (isGivenUp(error)) log.info({ requestId }, `a stream was given up: ${describeThrown(error)}`)
      else if (problem.status >= 500)
        log.error({ err: error, flow, requestId }, `a stream failed: ${describeThrown(error)}`)
      await send(encode('error', undefined, problemText(problem, { path, requestId })))
      await recorder?.end(isDecided(error))
    } finally {
      stopHeartbeat?.()
      await items.return?.()
    }
  }
}

/** Its reader went away, or the server is closing: no fault of the stream. */
function isGivenUp(error: unknown): boolean {
  return error instanceof RunError && (error.failure === 'Cancelled' || error.failure === 'Draining')
}

/** `json` has no raw line breaks, so one data line is enough. */
function encodeEvent(event: string | undefined, id: string | undefined, json: string): string {
  let text = ''
  if (id !== undefined) text += `id: ${oneLine(id)}\n`
  if (event !== undefined) text += `event: ${oneLine(event)}\n`
  return `${text}data: ${json}\n\n`
}

function encodeLine(event: string | undefined, id: string | undefined, json: string): string {
  if (event === undefined) return `${json}\n`
  if (event === 'error') return `{"error":${json}}\n`
  const named = id === undefined ? '' : `"id":${JSON.stringify(id)},`
  return `{"event":${JSON.stringify(event)},${named}"data":${json}}\n`
}

function oneLine(text: string): string {
  return /[\r\n\0]/.test(text) ? text.replaceAll(/[\r\n\0]/g, ' ') : text
}
