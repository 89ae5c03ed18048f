/** A simulated input as the HTTP request that carries it, and the bridge's outcome as a reply. */
import type { ByteSource } from '../body.ts'
import type { BlobRef } from '../blob-ref.ts'
import type { HttpCall, HttpOutcome, HttpOutcomeBody } from '../http/call.ts'
import type { HttpTrigger } from '../trigger.ts'
import type { Reply } from './reply.ts'

/** The input of a flow as a client sends it: a body that the flow gets as a reference or as a stream is sent as bytes. */
export type SimulatedInput<I> = {
  [K in keyof I]: I[K] extends BlobRef | ByteSource ? Uint8Array<ArrayBuffer> : I[K]
}

/** Carries the principal of a simulated client. */
export const principalHeader = 'authorization'

/** @param gone Fires when the client gives up. */
export function toHttpCall(
  trigger: HttpTrigger,
  { input, principal }: { readonly input: unknown; readonly principal?: string | undefined },
  gone: AbortSignal,
): HttpCall {
  const { body, method, path } = trigger
  if (body?.kind === 'multipart')
    throw new TypeError(
      `${method} ${path} takes a form: forms are not simulated, simulate the flow behind it`,
    )
  const fields = Object.entries(Object(input) as Readonly<Record<string, unknown>>)
  const names = new Set(Array.from(path.matchAll(/:(\w+)/g), ([, name]) => name))
  const params = fields.filter(([name]) => names.has(name)).map(([name, value]) => [name, String(value)])
  const isRaw = body?.kind === 'blob' || body?.kind === 'stream'
  const content = isRaw ? fields.find(([name]) => name === body.field)?.[1] : undefined
  const rest = fields.filter(([name]) => !names.has(name) && !(isRaw && name === body.field))
  const bytes = isRaw
    ? bytesOf(content, trigger)
    : new TextEncoder().encode(body === null ? '' : JSON.stringify(Object.fromEntries(rest)))
  const headers: Readonly<Record<string, string>> = {
    ...(body === null ? {} : { 'content-length': String(bytes.byteLength) }),
    // All clients are one that asks again.
    ...(trigger.idempotency === null ? {} : { 'idempotency-key': '"simulated"' }),
    ...(principal === undefined ? {} : { [principalHeader]: principal }),
    ...(body === null ? {} : { 'content-type': isRaw ? 'application/octet-stream' : 'application/json' }),
  }
  return {
    method,
    path,
    params: Object.fromEntries(params) as Readonly<Record<string, string>>,
    query: body?.kind === 'json' ? '' : queryOf(rest),
    header: (name) => headers[name],
    body: {
      bytes: () => bytes,
      stream: () =>
        new ReadableStream({
          start(controller) {
            if (bytes.byteLength > 0) controller.enqueue(bytes.slice())
            controller.close()
          },
        }),
    },
    onDisconnect(listener) {
      if (gone.aborted) listener()
      else gone.addEventListener('abort', listener, { once: true })
    },
  }
}

/** What a client makes of the bridge's outcome, its body read to the end. */
export async function toReply({ status, body }: HttpOutcome): Promise<Reply> {
  const text = await textOf(body)
  if (status < 400) return { kind: 'answer', text: `${status} ${text}` }
  const code = codeIn(text)
  const isDecided = status < 500 && ![408, 409, 425, 429].includes(status)
  const isOfFlow = status === 409 && !/^(?:IDEM_|CAPABILITY_)/.test(code)
  return isDecided || isOfFlow
    ? { kind: 'problem', text: `problem ${status} ${code}` }
    : { kind: 'error', code }
}

function bytesOf(content: unknown, { method, path }: HttpTrigger): Uint8Array<ArrayBuffer> {
  if (content instanceof Uint8Array) return new Uint8Array(content)
  throw new TypeError(`${method} ${path} takes a raw body: give its field in the input as a Uint8Array`)
}

function queryOf(fields: readonly (readonly [string, unknown])[]): string {
  const query = new URLSearchParams()
  for (const [name, value] of fields) query.append(name, String(value))
  return query.toString()
}

async function textOf(body: HttpOutcomeBody): Promise<string> {
  if (body === null) return ''
  if (typeof body === 'string') return body
  if (body instanceof ReadableStream) return new Response(body).text()
  let text = ''
  await body({
    write(part) {
      text += part
      return undefined
    },
  })
  return text
}

function codeIn(problem: string): string {
  const { code } = JSON.parse(problem) as { readonly code?: unknown }
  return typeof code === 'string' ? code : 'no code'
}
