/** Flows in a web page: the host, the registration of a service worker, and the outbox. */
export { consoleLogger, type LogLevel } from './lib/console-logger.ts'
export { type BrowserHost, type BrowserHostOptions, createBrowserHost } from './lib/browser/host.ts'
export type { BrowserOpenOptions } from './lib/browser/opening.ts'
export {
  type EnqueueOptions,
  type FailedOutboxEntry,
  type FlushResult,
  type Outbox,
  type OutboxEntry,
  type OutboxRequest,
  type OutboxState,
  type RefusalAnswer,
} from './lib/browser/outbox/contract.ts'
export type { OutboxOptions } from './lib/browser/outbox/options.ts'
export { createOutbox } from './lib/browser/outbox/outbox.ts'
export {
  type RegisterOptions,
  registerServiceWorker,
  type ScriptAddress,
  type ServiceWorkerHandle,
} from './lib/browser/register.ts'
export type { HostWarning } from './lib/browser/warnings.ts'
