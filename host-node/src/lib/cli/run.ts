/** `flowport run`: runs one flow on a profile, with input from the command line, a file or standard input. */
import { type Logger, type ResourceBag, silentLogger } from '@flowport/capabilities'
import { systemRng } from '@flowport/capabilities/system'
import {
  type AnyFlow,
  type App,
  asBlobRef,
  type BodyBinding,
  createRuntime,
  HttpProblem,
  RunError,
  SchemaError,
  isStreamEvent,
} from '@flowport/flow'
import { storeBody } from '@flowport/flow/http'
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { digest } from '../digest.ts'
import { CommandError, type CommandHost, type Console, exitCodes } from './console.ts'
import { findFlow } from './graph.ts'
import { openForCommand } from './open.ts'
import { oneProfile } from './profiles.ts'
import { jsonFrom } from './sources.ts'

export interface RunOptions {
  readonly input?: string
  readonly body?: string
  readonly profile?: string
  readonly json?: boolean
}

export async function run(app: App, name: string, options: RunOptions, out: Console): Promise<number> {
  const flow = findFlow(app, name)
  const { env } = out.host
  const opened = await openForCommand(app, oneProfile(app, options.profile, env), env)
  const runtime = createRuntime(opened.bag, { log: silentLogger satisfies Logger, digest })
  const stop = new AbortController()
  const interrupt = () => stop.abort(new Error('interrupted'))
  process.once('SIGINT', interrupt)
  try {
    const input = await readInput(flow, options, out.host, opened.bag, stop.signal)
    const answer = await runtime.invoke(flow, { input: input as never, signal: stop.signal })
    await print(answer, options.json === true, name, out)
    return exitCodes.ok
  } catch (error) {
    return failed(error, options.json === true, name, out)
  } finally {
    process.off('SIGINT', interrupt)
    await runtime.close()
    await opened.bag.close()
  }
}

async function readInput(
  { trigger }: AnyFlow,
  { input, body }: RunOptions,
  host: CommandHost,
  bag: ResourceBag,
  signal: AbortSignal,
) {
  const given: unknown = input === undefined ? {} : await jsonFrom(input, '--input', host)
  const message = trigger.kind === 'cron' ? scheduledNow(trigger.cron, given) : given
  const binding = trigger.kind === 'http' ? trigger.body : null
  if (body === undefined) return vouched(message, binding)
  if (binding?.kind !== 'stream' && binding?.kind !== 'blob') {
    throw new CommandError(exitCodes.usage, '--body is for flows that take a raw body')
  }
  const readable = body === '-' ? host.stdin : createReadStream(body)
  const stream = Readable.toWeb(readable as Readable) as ReadableStream<Uint8Array<ArrayBuffer>>
  if (binding.kind === 'stream')
    return { ...(message as object), [binding.field]: { contentType: null, size: null, stream } }
  const content = { contentType: null, size: null, stream }
  const ref = await storeBody(binding, message, content, {
    bag,
    rng: systemRng,
    signal,
    log: undefined,
  })
  return { ...(message as object), [binding.field]: ref }
}

/** Accepts blob references in the input: the user of the command may name any object of the store. */
function vouched(message: unknown, binding: BodyBinding | null): unknown {
  if (binding?.kind !== 'blob' && binding?.kind !== 'multipart') return message
  const content = (message as Readonly<Record<string, unknown>> | null)?.[binding.field]
  try {
    const refs = Array.isArray(content) ? content.map(asBlobRef) : asBlobRef(content)
    return { ...(message as object), [binding.field]: refs }
  } catch {
    // Not a reference: the flow's validation reports it.
    return message
  }
}

/** Adds the message of a schedule: due now, unless the input sets the time. */
function scheduledNow(cron: string, given: unknown): unknown {
  if (typeof given !== 'object' || given === null) return given
  return { scheduledAt: new Date().toISOString(), cron, ...given }
}

/** Prints an answer. Stream items are printed as they arrive, one line of JSON each. */
async function print(answer: unknown, json: boolean, flow: string, out: Console): Promise<void> {
  if (typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer) {
    const items = (answer as AsyncIterable<unknown>)[Symbol.asyncIterator]()
    for (;;) {
      const { done, value } = await items.next()
      if (done === true) {
        if (value !== undefined) out.result(JSON.stringify({ event: 'result', data: value }))
        return
      }
      out.result(
        JSON.stringify(isStreamEvent(value) ? { event: value.event, id: value.id, data: value.data } : value),
      )
    }
  }
  if (json) out.json({ schemaVersion: 1, command: 'run', ok: true, flow, answer: answer ?? null })
  else if (answer !== undefined) out.json(answer)
}

function failed(error: unknown, json: boolean, flow: string, out: Console): number {
  if (error instanceof CommandError) throw error
  const cause = error instanceof RunError ? error.cause : error
  const issues = cause instanceof SchemaError ? cause.issues : []
  const code = cause instanceof HttpProblem ? cause.code : error instanceof RunError ? error.code : 'INTERNAL'
  const message = error instanceof Error ? error.message : String(error)
  if (json) out.json({ schemaVersion: 1, command: 'run', ok: false, flow, error: { code, message, issues } })
  else out.note(`${out.paint('red', `error[${code}]`)}: ${message}`)
  return exitCodes.findings
}
