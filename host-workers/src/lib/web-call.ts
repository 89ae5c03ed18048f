/** Adapts a web request to the bridge's `HttpCall`, and converts its outcome to a web response. */
import type { Logger } from '@flowport/capabilities'
import type { HttpCall, HttpOutcome } from '@flowport/flow/http'
import { hostOf } from './doors.ts'
import { pathParams } from './path.ts'
import { WebBody, type WebBodyOptions } from './request-body.ts'
import { lingering, pushedStream, sizedStream } from './response-body.ts'

/** The part of Hono's context that a call needs. */
export interface CallContext {
  readonly req: { readonly raw: Request }
  /** Throws if there is no execution context, as in `app.request()`. */
  readonly executionCtx: { waitUntil(work: Promise<unknown>): void }
}

export class WebCall implements HttpCall {
  readonly body: WebBody
  /** Set when the profile is open. */
  log: Logger | undefined
  readonly #context: CallContext
  readonly #request: Request
  /** Cached like the next two fields, because on workerd each access to a request or its headers leaves JavaScript. */
  readonly #headers: Headers
  #method: string | undefined
  /** `null` without a content type; `undefined` before the first access. */
  #contentType: string | null | undefined
  /** The matched path pattern, including the mount point. `null` for a path without parameters. */
  readonly #pattern: string | null
  #params: Readonly<Record<string, string>> | undefined
  #listeners: (() => void)[] = []

  constructor(context: CallContext, pattern: string | null = null, body: WebBodyOptions = {}) {
    this.#context = context
    this.#request = context.req.raw
    this.#headers = this.#request.headers
    this.#pattern = pattern
    this.body = new WebBody(this.#request, body, this.#headers)
  }

  /** Hono's context. */
  get native(): CallContext {
    return this.#context
  }

  get method(): string {
    this.#method ??= this.#request.method
    return this.#method
  }

  get path(): string {
    return partsOf(this.#request.url).path
  }

  get query(): string {
    return partsOf(this.#request.url).query
  }

  get host(): string {
    return hostOf(this.#request.url)
  }

  get params(): Readonly<Record<string, string>> {
    this.#params ??= this.#pattern === null ? {} : pathParams(this.#pattern, this.path)
    return this.#params
  }

  header(name: string): string | undefined {
    if (name !== 'content-type') return this.#headers.get(name) ?? undefined
    // Cached, because the checks of cross-site requests, charsets and media types all read it.
    if (this.#contentType === undefined) this.#contentType = this.#headers.get(name)
    return this.#contentType ?? undefined
  }

  onDisconnect(listener: () => void): void {
    if (this.#request.signal.aborted) return listener()
    this.#listeners.push(listener)
    this.#request.signal.addEventListener('abort', listener, { once: true })
  }

  waitUntil(work: Promise<unknown>): void {
    executionOf(this.#context)?.waitUntil(work)
  }

  /** Converts the outcome to a response. A reader that cancels the response counts as a client's disconnect. */
  respond(outcome: HttpOutcome): Response | Promise<Response> {
    if (outcome.status < 400) return this.#respond(outcome)
    const rest = this.body.discardRest()
    if (rest === undefined) return this.#respond(outcome)
    if (typeof outcome.body !== 'string') return rest.then(() => this.#respond(outcome))
    // Sends the complete answer immediately. The response ends when the rest of the request has been read or takes too long.
    const { body, length } = lingering(outcome.body, rest)
    return this.#respond({ ...outcome, headers: { ...outcome.headers, 'content-length': length }, body })
  }

  #respond({ status, headers, body }: HttpOutcome): Response {
    if (body === null || typeof body === 'string') return new Response(body, { status, headers })
    const gone = () => {
      for (const listener of this.#listeners.splice(0)) listener()
    }
    const stream =
      typeof body === 'function'
        ? pushedStream(body, gone)
        : sizedStream(body, headers['content-length'], gone)
    return new Response(stream, { status, headers })
  }
}

/** Returns `undefined` outside a Worker, where Hono throws. There, nothing ends a request's work early. */
function executionOf(context: CallContext): CallContext['executionCtx'] | undefined {
  try {
    return context.executionCtx
  } catch {
    return undefined
  }
}

/** Splits a URL into path and query without the cost of parsing it. */
export function partsOf(url: string): { readonly path: string; readonly query: string } {
  const start = url.indexOf('/', url.indexOf('//') + 2)
  const end = url.indexOf('#')
  const whole = start < 0 ? '/' : url.slice(start, end < 0 ? undefined : end)
  const mark = whole.indexOf('?')
  return mark < 0 ? { path: whole, query: '' } : { path: whole.slice(0, mark), query: whole.slice(mark + 1) }
}
