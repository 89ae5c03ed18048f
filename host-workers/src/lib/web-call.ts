/** A web request as the bridge's `HttpCall`, and its outcome as a web response. */
import type { Logger } from '@flowport/capabilities'
import type { HttpCall, HttpOutcome } from '@flowport/flow/http'
import { WebBody } from './request-body.ts'
import { pushedStream, sizedStream } from './response-body.ts'

export interface WebCallOptions {
  readonly request: Request
  readonly params: Readonly<Record<string, string>>
  readonly log: Logger
  /** The platform's `ctx.waitUntil`; absent where a request may outlive its answer anyway. */
  readonly waitUntil?: ((work: Promise<unknown>) => void) | undefined
}

export class WebCall implements HttpCall {
  readonly params: Readonly<Record<string, string>>
  readonly log: Logger
  readonly body: WebBody
  readonly #request: Request
  readonly #waitUntil: WebCallOptions['waitUntil']
  #listeners: (() => void)[] = []

  constructor({ request, params, log, waitUntil }: WebCallOptions) {
    this.#request = request
    this.body = new WebBody(request)
    this.params = params
    this.log = log
    this.#waitUntil = waitUntil
  }

  get path(): string {
    return partsOf(this.#request.url).path
  }

  get query(): string {
    return partsOf(this.#request.url).query
  }

  get method(): string {
    return this.#request.method
  }

  header(name: string): string | undefined {
    return this.#request.headers.get(name) ?? undefined
  }

  onDisconnect(listener: () => void): void {
    if (this.#request.signal.aborted) return listener()
    this.#listeners.push(listener)
    this.#request.signal.addEventListener('abort', listener, { once: true })
  }

  waitUntil(work: Promise<unknown>): void {
    this.#waitUntil?.(work)
  }

  /** The outcome as a response. When its reader goes away, so has the client. */
  async respond({ status, headers, body }: HttpOutcome): Promise<Response> {
    if (status >= 400) await this.body.discardRest()
    const gone = () => {
      for (const listener of this.#listeners.splice(0)) listener()
    }
    if (body === null || typeof body === 'string') return new Response(body, { status, headers })
    const stream =
      typeof body === 'function'
        ? pushedStream(body, gone)
        : sizedStream(body, headers['content-length'], gone)
    return new Response(stream, { status, headers })
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
