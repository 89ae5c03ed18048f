/** A flow's answer as HTTP: JSON, a stored object, a reply, or a stream. */
import type { ResourceBag } from '@flowport/capabilities'
import { isBlobRef } from '../blob-ref.ts'
import { isReply } from '../reply.ts'
import { isBodiless } from '../response-head.ts'
import type { Run } from '../runtime/run.ts'
import { RunStream } from '../runtime/run-stream.ts'
import { answerText } from './answer-text.ts'
import { blobAnswer } from './blob-answer.ts'
import type { HttpCall, HttpOutcome } from './call.ts'
import { streamForm } from './negotiate.ts'
import type { TextRecorder } from './recorded/answer-recorder.ts'
import { streamBody } from './stream.ts'

export interface AnswerContext {
  readonly call: HttpCall
  readonly run: Run
  readonly bag: ResourceBag
  readonly requestId: string
  /** Status of a plain answer. */
  readonly status: number
  readonly headers: Record<string, string>
  /** For the text of a stream that is recorded. */
  readonly texts?: (() => TextRecorder | undefined) | undefined
}

const contentTypes = {
  sse: 'text/event-stream; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
} as const

/** What to send for an answer. */
export function toOutcome(answer: unknown, context: AnswerContext): HttpOutcome | Promise<HttpOutcome> {
  if (answer === undefined || answer === null) return empty(context)
  if (answer instanceof RunStream) return streamAnswer(answer, context)
  if (isReply(answer)) {
    const { status, headers, body } = answer
    const changed = {
      ...context,
      status: status === 0 ? context.status : status,
      headers: { ...context.headers, ...headers },
    }
    if (typeof body === 'string' && headers['content-type'] !== undefined)
      return { status: changed.status, headers: changed.headers, body }
    return body === undefined && status !== 0
      ? { status, headers: changed.headers, body: null }
      : toOutcome(body, changed)
  }
  if (isBlobRef(answer)) {
    const { call, bag, run, status, headers } = context
    return blobAnswer(answer, status, call, bag, run.signal, headers)
  }
  if (isBodiless(context.status)) return empty(context)
  const body = answerText(answer, context.run.plan.flow.name)
  context.headers['content-type'] ??= 'application/json; charset=utf-8'
  return { status: context.status, headers: context.headers, body }
}

function empty({ status, headers }: AnswerContext): HttpOutcome {
  return { status: status === 200 ? 204 : status, headers, body: null }
}

async function streamAnswer(stream: RunStream, context: AnswerContext): Promise<HttpOutcome> {
  const { call, run, requestId, headers, status } = context
  const form = streamForm(call.header('accept'), stream.hasResult)
  if (form === 'json') return toOutcome(await lastOf(stream), context)
  headers['content-type'] ??= contentTypes[form]
  // Proxies that buffer would hold events back.
  headers['x-accel-buffering'] = 'no'
  headers['vary'] = 'accept'
  if (call.method === 'HEAD') {
    await stream.return()
    return { status, headers, body: null }
  }
  const told = { flow: run.plan.flow.name, requestId, path: call.path, log: run.log, clock: run.clock }
  return { status, headers, body: streamBody(stream, { form, ...told, recorder: context.texts?.() }) }
}

async function lastOf(stream: RunStream): Promise<unknown> {
  for (;;) {
    const { done, value } = await stream.next()
    if (done === true) return value
  }
}
