/** Flows in a service worker, which answer the page's requests even offline. */
export { consoleLogger, type LogLevel } from './lib/console-logger.ts'
export type { BrowserOpenOptions } from './lib/browser/opening.ts'
export type { Outbox } from './lib/browser/outbox/contract.ts'
export type { OutboxOptions } from './lib/browser/outbox/options.ts'
export { createOutbox } from './lib/browser/outbox/outbox.ts'
export type { PrecacheOptions } from './lib/browser/precache.ts'
export type { ServiceWorkerScope } from './lib/browser/scope.ts'
export { createServiceWorker, type ServiceWorkerOptions } from './lib/browser/service-worker.ts'
