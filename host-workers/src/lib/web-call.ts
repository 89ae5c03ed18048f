/** A web request as the bridge's `HttpCall`, and its outcome as a web response. */
import type { Logger } from '@flowport/capabilities'
import type { HttpCall, HttpOutcome } from '@flowport/flow/http'
import { hostOf } from './doors.ts'
import { pathParams } from './path.ts'
import { WebBody, type WebBodyOptions } from './request-body.ts'
import { lingering, pushedStream, sizedStream } from './response-body.ts'

/** What a call needs of Hono's context. */
export interface CallContext {
  readonly req: { readonly raw: Request }
  /** Throws where there is none, as in `app.request()`. */
  readonly executionCtx: { waitUntil(work: Promise<unknown>): void }
}

export class WebCall implements HttpCall {
  readonly body: WebBody
  /** Set when the profile has been opened. */
  log: Logger | undefined
  readonly #context: CallContext
  readonly #request: Request
  /** Kept, as the two below: on workerd each look at a request or its headers leaves JavaScript. */
  readonly #headers: Headers
  #method: string | undefined
  /** `null` where the request has none. */
  #contentType: string | null | undefined
  /** The matched path with its parameters, mount point included; `null` where it has none. */
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
    // Looked at by the check of cross-site requests, of charsets and of media types.
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

  /** The outcome as a response. When its reader goes away, so has the client. */
  respond(outcome: HttpOutcome): Response | Promise<Response> {
    if (outcome.status < 400) return this.#respond(outcome)
    const rest = this.body.discardRest()
    if (rest === undefined) return this.#respond(outcome)
    if (typeof outcome.body !== 'string') return rest.then(() => this.#respond(outcome))
    // The answer goes out whole; its response ends when the rest of the request has been read, or has taken too long.
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

/** Hono throws where there is no execution context: outside a Worker, where nothing ends a request's work early. */
function executionOf(context: CallContext): CallContext['executionCtx'] | undefined {
  try {
    return context.executionCtx
  } catch {
    return undefined
  }
}

/** Path and query of a URL as text, without what parsing it would cost. */
export function partsOf(url: string): { readonly path: string; readonly query: string } {
  const start = url.indexOf('/', url.indexOf('//') + 2)
  const end = url.indexOf('#')
  const whole = start < 0 ? '/' : url.slice(start, end < 0 ? undefined : end)
  const mark = whole.indexOf('?')
  return mark < 0 ? { path: whole, query: '' } : { path: whole.slice(0, mark), query: whole.slice(mark + 1) }
}
