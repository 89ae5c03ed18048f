/**
 * `createServiceWorker` answers a page's requests with flows, and serves its files from a precache. The next stop is `honoFor`.
 */
import { checkNumbers, timerRule } from '@flowport/capabilities'
import type { App } from '@flowport/flow'
import { queueConsumers } from '@flowport/flow/delivery'
import { Hono } from 'hono'
import { type FlowportHonoOptions, honoFor } from '../app.ts'
import type { FlowportHonoEnv } from '../hono-env.ts'
import type { Opened } from '../opened.ts'
import { KeepAlive, patienceOf } from './keep-alive.ts'
import { onUnlessSaid } from '../operations.ts'
import { type BrowserOpening, type BrowserOpenOptions, openingOf } from './opening.ts'
import type { Outbox } from './outbox/contract.ts'
import { type Precache, type PrecacheOptions, precacheOf } from './precache.ts'
import { deliverWaiting } from './queues.ts'
import { pathUnder, routeFinder } from './routes.ts'
import {
  claimMessage,
  type FetchEventLike,
  type LivingEvent,
  type MessageEventLike,
  outboxHeader,
  type ServiceWorkerScope,
  skipWaitingMessage,
  type SyncEventLike,
} from './scope.ts'
import { withReadableBody } from './request.ts'
import { Work } from './work.ts'

export interface ServiceWorkerOptions
  extends BrowserOpenOptions,
    PrecacheOptions,
    Omit<FlowportHonoOptions, keyof BrowserOpenOptions> {
  /** Path prefix of the routes. Default `'/'`. */
  readonly base?: string
  /**
   * Decides whether a flow may answer a request. `false` leaves the request to the precache and the network, for example a GET
   * for a page. Default: flows answer every request that matches a route.
   */
  readonly filter?: (request: Request) => boolean
  /**
   * Handling of paths under `base` without a flow, and of methods that a path does not support: `'problem'` answers 404 or 405,
   * `'network'` forwards to the server. With `'network'` the server also answers the overview and the operations (`/healthz`,
   * `/readyz`, `/openapi.json`). Default `'network'` for base `'/'`, `'problem'` for any other base.
   */
  readonly unknown?: 'problem' | 'network'
  /** Outboxes to send on a Background Sync event, when the browser is online again. Default: none. */
  readonly outboxes?: readonly Outbox[]
  /**
   * Milliseconds between two messages to the pages while an answer is streamed or a flow runs. Pages that called
   * `registerServiceWorker` answer, which keeps the browser from stopping the service worker. Default 10 000.
   */
  readonly keepAliveMs?: number
  /** The global scope. Default `self`. */
  readonly scope?: ServiceWorkerScope
}

/**
 * Sets up the service worker. Call it during the first execution of the script, because the browser accepts listeners only
 * then. Flows answer requests to the app's routes, the cache answers requests for precached files, and the network answers all
 * others.
 */
export function createServiceWorker(app: App, options: ServiceWorkerOptions = {}): void {
  const { scope = globalThis as unknown as ServiceWorkerScope, outboxes = [] } = options
  const profile = openingOf(app, options)
  const precache = precacheOf(scope, options)
  checkNumbers('createServiceWorker', { ...options }, { keepAliveMs: timerRule(1) })
  const { keepAliveMs: everyMs = 10_000 } = options
  const alive = new KeepAlive(scope, { everyMs, patienceMs: patienceOf(navigator) })
  const handle = handler(app, profile, { scope, precache, alive }, options)

  listen<LivingEvent>(scope, 'install', (event) => {
    if (precache !== undefined) event.waitUntil(precache.install())
  })
  listen<LivingEvent>(scope, 'activate', (event) => {
    event.waitUntil(Promise.all([precache?.activate(), scope.clients.claim()]))
  })
  listen<FetchEventLike>(scope, 'fetch', (event) => {
    alive.heard()
    const answer = handle(event)
    if (answer !== null) event.respondWith(answer)
  })
  listen<MessageEventLike>(scope, 'message', (event) => {
    alive.heard()
    if (event.data === skipWaitingMessage) event.waitUntil(scope.skipWaiting())
    if (event.data === claimMessage) event.waitUntil(scope.clients.claim())
  })
  listen<SyncEventLike>(scope, 'sync', (event) => {
    for (const outbox of outboxes) if (event.tag === outbox.tag) event.waitUntil(sendAll(outbox))
  })
}

interface HandlerParts {
  readonly scope: ServiceWorkerScope
  readonly precache: Precache | undefined
  readonly alive: KeepAlive
}

function handler(
  app: App,
  profile: BrowserOpening,
  { scope, precache, alive }: HandlerParts,
  options: ServiceWorkerOptions,
): (event: FetchEventLike) => Promise<Response> | null {
  const base = baseOf(options.base)
  const { unknown = base === '/' ? 'network' : 'problem', filter } = options
  const isOwner = unknown === 'problem'
  const operations = options.operations === undefined && !isOwner ? false : onUnlessSaid(options.operations)
  const routes = honoFor(app, profile, { ...options, operations, notFound: true })
  const hono = base === '/' ? routes : new Hono<FlowportHonoEnv>().route(base, routes)
  const has = routeFinder(app)
  const hasQueues = options.queues !== false && queueConsumers(app).length > 0

  /** Decides who answers: a matching route first, then a file, then a problem or the network. */
  const whoseIs = (
    { request, clientId }: FetchEventLike,
    path: string | null,
  ): 'flows' | 'files' | 'network' => {
    const isFile = precache?.takes(request, clientId) === true
    // Requests of an outbox are meant for the server.
    const isLeft = path === null || request.headers.has(outboxHeader) || filter?.(request) === false
    if (!isLeft && (has(request.method, path) || (isOwner && !isFile))) return 'flows'
    return isFile ? 'files' : 'network'
  }

  async function answer(request: Request, work: Work): Promise<Response> {
    const response = await hono.fetch(
      withReadableBody(request),
      {},
      {
        waitUntil: (more) => work.add(more),
        passThroughOnException: () => undefined,
        props: {},
      },
    )
    if (hasQueues && profile.current !== undefined) work.add(deliver(profile.current))
    return work.untilRead(response, alive)
  }

  async function deliver(opened: Opened): Promise<void> {
    try {
      await deliverWaiting(app, opened)
    } catch (error) {
      opened.log.error({ err: error }, 'messages cannot be received from a queue')
    }
  }

  return (event) => {
    const { request } = event
    const url = new URL(request.url)
    if (url.origin !== scope.location.origin) return null
    const whose = whoseIs(event, pathUnder(base, url.pathname))
    if (whose === 'network') return null
    if (whose === 'files') {
      if (precache === undefined) return null
      const answered = precache.answer(request, event.clientId)
      event.waitUntil(answered.then(() => precache.sweep()).catch(() => undefined))
      return answered
    }
    const work = new Work()
    const answered = answer(request, work)
    work.add(answered)
    event.waitUntil(alive.during(work.done()))
    return answered
  }
}

function listen<E>(scope: ServiceWorkerScope, type: string, listener: (event: E) => void): void {
  scope.addEventListener(type, listener)
}

/** Rejects while entries are pending, so that the browser retries with growing delays. */
async function sendAll(outbox: Outbox): Promise<void> {
  const { pending } = await outbox.flush()
  if (pending > 0) throw new Error(`${pending} requests of outbox "${outbox.name}" are still pending`)
}

function baseOf(base = '/'): string {
  const path = base.replace(/(?<!\/)\/+$/, '')
  return path === '' ? '/' : path
}
