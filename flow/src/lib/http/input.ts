/** Makes a flow's validated input of a request: reads the body as its trigger says, storing files on the way. */
import type { Awaitable, ResourceBag } from '@flowport/capabilities'
import type { BlobBody, ByteSource, JsonBody, StreamBody } from '../body.ts'
import { validateFields, withContent } from '../message.ts'
import type { RunView } from '../runtime/run-view.ts'
import type { HttpTrigger } from '../trigger.ts'
import type { HttpCall } from './call.ts'
import { checkContentType } from './content-type.ts'
import { fieldsOf, messageOf } from './fields.ts'
import { storeParts } from './multipart.ts'
import type { BodyTap } from './recorded/body-tap.ts'
import { tooLarge, unsupported } from './refusals.ts'
import { checkRequirements } from './requirements.ts'
import { checkCharset, decodeUtf8 } from './text.ts'
import { uploadCondition } from './upload-condition.ts'
import { storeBody } from './uploads/store-body.ts'

/**
 * The validated message, at once where nothing must be waited for. Nothing is stored unless all of it is valid. A streamed body
 * is read through `tap`.
 */
export function readInput(
  trigger: HttpTrigger,
  call: HttpCall,
  bag: ResourceBag,
  run: Pick<RunView, 'signal' | 'rng'>,
  tap?: BodyTap,
): unknown {
  const { body } = trigger
  checkRequirements(trigger, call)
  if (body === null) return validateFields(trigger, fieldsOf(call))
  if (body.kind === 'json') return readJson(trigger, body, call)
  if (body.kind === 'multipart') return storeParts(body, trigger, call, bag, run, tap)
  return readRaw(trigger, body, call, bag, run, tap)
}

function readJson(trigger: HttpTrigger, body: JsonBody, call: HttpCall): unknown {
  const bytes = jsonBytes(body, call)
  return bytes instanceof Uint8Array
    ? messageOfJson(trigger, call, bytes)
    : Promise.resolve(bytes).then((read) => messageOfJson(trigger, call, read))
}

/** The bytes of a JSON body. @throws HttpProblem 415 for a charset that is not read. */
export function jsonBytes({ maxBytes }: JsonBody, call: HttpCall): Awaitable<Uint8Array<ArrayBuffer>> {
  checkCharset(call.header('content-type'))
  return call.body.bytes(maxBytes)
}

/** The validated message of a JSON body that has been read. */
export function messageOfJson(trigger: HttpTrigger, call: HttpCall, bytes: Uint8Array<ArrayBuffer>): unknown {
  return fromText(trigger, call, decodeUtf8(bytes))
}

function fromText(trigger: HttpTrigger, call: HttpCall, text: string): unknown {
  if (text !== '' && !isJson(call.header('content-type')))
    throw unsupported(call.header('content-type'), 'application/json')
  return validateFields(trigger, messageOf(call.params, text))
}

async function readRaw(
  trigger: HttpTrigger,
  body: BlobBody | StreamBody,
  call: HttpCall,
  bag: ResourceBag,
  run: Pick<RunView, 'signal' | 'rng'>,
  tap: BodyTap | undefined,
): Promise<unknown> {
  checkLength(call, body.maxBytes)
  checkContentType(call)
  if (body.kind === 'stream') checkMediaType(body, call)
  const fields = await validateFields(trigger, fieldsOf(call))
  const content =
    body.kind === 'blob'
      ? await storeBody(body, fields, contentOf(call, tap), {
          bag,
          signal: run.signal,
          rng: run.rng,
          log: call.log,
          conditionFor: (store, key) => uploadCondition(call, store, key),
        })
      : sourceOf(body, call, tap)
  return withContent(fields, body.field, content)
}

function sourceOf({ maxBytes }: StreamBody, call: HttpCall, tap: BodyTap | undefined): ByteSource {
  const content = contentOf(call, tap)
  return { ...content, stream: content.stream.pipeThrough(bounded(maxBytes)) }
}

function contentOf(call: HttpCall, tap: BodyTap | undefined): ByteSource {
  return {
    contentType: call.header('content-type') ?? null,
    size: lengthOf(call),
    stream: streamOf(call, tap),
  }
}

function streamOf(call: HttpCall, tap: BodyTap | undefined) {
  const stream = call.body.stream()
  return tap === undefined ? stream : tap.bytes(stream)
}

function bounded(maxBytes: number): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let bytes = 0
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength
      if (bytes > maxBytes) controller.error(tooLarge(maxBytes))
      else controller.enqueue(chunk)
    },
  })
}

function checkLength(call: HttpCall, maxBytes: number): void {
  const length = lengthOf(call)
  if (length !== null && length > maxBytes) throw tooLarge(maxBytes)
}

function lengthOf(call: HttpCall): number | null {
  const header = call.header('content-length')
  return header === undefined || !/^\d+$/.test(header) ? null : Number(header)
}

function checkMediaType({ accept }: StreamBody, call: HttpCall): void {
  const type = call.header('content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  const fits = accept.some(
    (wanted) =>
      wanted === '*/*' || wanted === type || (wanted.endsWith('/*') && type.startsWith(wanted.slice(0, -1))),
  )
  if (!fits) throw unsupported(type, accept.join(', '))
}

function isJson(type: string | undefined): boolean {
  if (type === 'application/json') return true
  const media = type?.split(';', 1)[0]?.trim().toLowerCase()
  return (
    media === 'application/json' || (media?.startsWith('application/') === true && media.endsWith('+json'))
  )
}
