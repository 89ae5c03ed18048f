/**
 * Types for the used parts of a service worker's global scope, so that an app need not compile against both DOM and service
 * worker types.
 */

/** An event that can keep the worker alive. */
export interface LivingEvent {
  waitUntil(work: Promise<unknown>): void
}

export interface FetchEventLike extends LivingEvent {
  readonly request: Request
  /** Id of the requesting tab or worker; `''` for a navigation. */
  readonly clientId: string
  respondWith(response: Response | Promise<Response>): void
}

export interface SyncEventLike extends LivingEvent {
  readonly tag: string
}

export interface MessageEventLike extends LivingEvent {
  readonly data: unknown
}

/** A tab or worker of the origin. */
export interface ClientLike {
  readonly id: string
  readonly url: string
  /** Kind of client; Firefox also lists service workers. */
  readonly type: string
  postMessage(message: unknown, transfer: Transferable[]): void
}

/** Matches `self` in a service worker. */
export interface ServiceWorkerScope {
  /** URL of the script. */
  readonly location: { readonly origin: string; readonly href: string }
  readonly registration: { readonly scope: string }
  readonly clients: {
    claim(): Promise<void>
    get(id: string): Promise<ClientLike | undefined>
    matchAll(options: {
      readonly includeUncontrolled: boolean
      readonly type: 'all' | 'window'
    }): Promise<readonly ClientLike[]>
  }
  readonly caches: CacheStorage
  fetch(request: Request): Promise<Response>
  skipWaiting(): Promise<void>
  addEventListener(type: string, listener: (event: never) => void): void
}

/** Messages from the page to its service worker. */
export const skipWaitingMessage = 'flowport:skip-waiting'
export const claimMessage = 'flowport:claim'
/** The page's answer to `areYouThereMessage`. */
export const aliveMessage = 'flowport:alive'

/** Message from a streaming service worker to its pages. Their answers keep it alive. */
export const areYouThereMessage = 'flowport:are-you-there'

/** Header on an outbox's requests to its own origin, which are meant for the server, not for flows in the service worker. */
export const outboxHeader = 'x-flowport-outbox'
