/** Answers a web request with an app's routes over the HTTP bridge. The next stop is `handleHttp`. */
import type { Logger } from '@flowport/capabilities'
import type { AnyFlow } from '../../flow.ts'
import type { HttpBody, HttpCall, HttpOutcome, HttpOutcomeBody, HttpSink } from '../../http/call.ts'
import { handleHttp } from '../../http/handle.ts'
import { problemOutcome } from '../../http/problem-outcome.ts'
import { badPath, noRoute, tooLarge } from '../../http/refusals.ts'
import { type HttpRoute, httpRoutes, methodsFor } from '../../http/route.ts'
import type { Runtime } from '../../runtime/runtime.ts'

type Params = Readonly<Record<string, string>>

/** Never rejects: unknown paths, unknown methods and failures are problems, as on a host. */
export async function fetchFrom(
  app: { readonly flows: readonly AnyFlow[] },
  runtime: Runtime,
  log: Logger,
  request: Request,
): Promise<Response> {
  const { pathname, search, host } = new URL(request.url)
  const listeners: (() => void)[] = []
  const gone = () => {
    for (const listener of listeners.splice(0)) listener()
  }
  request.signal.addEventListener('abort', gone, { once: true })
  const call = {
    method: request.method,
    path: pathname,
    params: {} as Params,
    query: search.slice(1),
    host,
    native: request,
    body: bodyOf(request),
    log,
    header: (name: string) => request.headers.get(name) ?? undefined,
    onDisconnect(listener: () => void) {
      if (request.signal.aborted) listener()
      else listeners.push(listener)
    },
  } satisfies HttpCall
  return toResponse(await outcomeOf(httpRoutes(app), runtime, call), gone)
}

async function outcomeOf(
  routes: readonly HttpRoute[],
  runtime: Runtime,
  call: HttpCall,
): Promise<HttpOutcome> {
  try {
    const found = matchRoute(routes, call.method, call.path)
    if (found === null) throw noRoute(call.method, methodsFor(routes, call.path))
    return await handleHttp(runtime, found.route, { ...call, params: found.params })
  } catch (error) {
    return problemOutcome(error, call)
  }
}

/** The route of a path. Where several match, a fixed segment wins over a parameter, the leftmost difference first. */
export function matchRoute(
  routes: readonly HttpRoute[],
  method: string,
  path: string,
): { readonly route: HttpRoute; readonly params: Params } | null {
  const segments = path.split('/')
  const wanted = method === 'HEAD' ? 'GET' : method
  const matching = routes
    .filter(({ trigger }) => trigger.method === wanted && matches(trigger.path.split('/'), segments))
    .sort((a, b) => compareKeys(shapeOf(a), shapeOf(b)))
  const [route] = matching
  if (route === undefined) return null
  const params = route.trigger.path
    .split('/')
    .flatMap((part, index) => (part.startsWith(':') ? [[part.slice(1), decoded(segments[index] ?? '')]] : []))
  return { route, params: Object.fromEntries(params) as Params }
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((part, index) => (part.startsWith(':') ? segments[index] !== '' : part === segments[index]))
  )
}

/** One character for each segment: fixed ones sort first. */
function shapeOf({ trigger }: HttpRoute): string {
  return trigger.path
    .split('/')
    .map((part) => (part.startsWith(':') ? '1' : '0'))
    .join('')
}

function compareKeys(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw badPath()
  }
}

function bodyOf(request: Request): HttpBody {
  return {
    async bytes(maxBytes) {
      const bytes = new Uint8Array(await request.arrayBuffer())
      if (bytes.byteLength > maxBytes) throw tooLarge(maxBytes)
      return bytes
    },
    stream: () => (request.body as ReadableStream<Uint8Array<ArrayBuffer>> | null) ?? emptyStream(),
  }
}

function emptyStream(): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({ start: (controller) => controller.close() })
}

function toResponse({ status, headers, body }: HttpOutcome, gone: () => void): Response {
  return new Response(webBody(body, gone), { status, headers })
}

function webBody(body: HttpOutcomeBody, gone: () => void): string | ReadableStream<Uint8Array> | null {
  return typeof body === 'function' ? textStreamOf(body, gone) : body
}

/** A byte stream that `write` fills at the reader's pace. Calls `gone` when the reader cancels it. */
function textStreamOf(
  write: (sink: HttpSink) => Promise<void>,
  gone: () => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let wake: (() => void) | undefined
  let isStarted = false
  let isClosed = false
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      wake?.()
      wake = undefined
      if (isStarted) return
      isStarted = true
      const push = (text: string): Promise<void> | undefined => {
        if (isClosed) return undefined
        controller.enqueue(encoder.encode(text))
        if ((controller.desiredSize ?? 0) > 0) return undefined
        return new Promise((resolve) => {
          const earlier = wake
          wake = () => {
            earlier?.()
            resolve()
          }
        })
      }
      void write({ write: push }).then(() => {
        if (!isClosed) controller.close()
        isClosed = true
      })
    },
    cancel() {
      isClosed = true
      wake?.()
      gone()
    },
  })
}
