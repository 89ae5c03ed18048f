/** What is used of a service worker's global scope, so that an app need not compile against two sets of types. */

/** An event that can keep the worker alive. */
export interface LivingEvent {
  waitUntil(work: Promise<unknown>): void
}

export interface FetchEventLike extends LivingEvent {
  readonly request: Request
  respondWith(response: Response | Promise<Response>): void
}

export interface SyncEventLike extends LivingEvent {
  readonly tag: string
}

export interface MessageEventLike extends LivingEvent {
  readonly data: unknown
}

/** `self` of a service worker fits. */
export interface ServiceWorkerScope {
  /** Where its script came from. */
  readonly location: { readonly origin: string; readonly href: string }
  readonly registration: { readonly scope: string }
  readonly clients: { claim(): Promise<void> }
  readonly caches: CacheStorage
  fetch(request: Request): Promise<Response>
  skipWaiting(): Promise<void>
  addEventListener(type: string, listener: (event: never) => void): void
}

/** What the page says to its service worker. */
export const skipWaitingMessage = 'flowport:skip-waiting'
export const claimMessage = 'flowport:claim'

/** On requests of an outbox to its own origin: they are for the server, not for flows in the service worker. */
export const outboxHeader = 'x-flowport-outbox'
