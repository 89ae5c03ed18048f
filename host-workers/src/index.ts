/** Flowport on Cloudflare Workers: a Worker's entry, and a Hono app to mount in an existing one. */
export { type FlowportHonoOptions, flowportHono } from './lib/app.ts'
export type { FlowportHonoEnv, HookContext } from './lib/hono-env.ts'
export { consoleLogger, type LogLevel } from './lib/console-logger.ts'
export type { DeliverySettings, PlatformBatch, PlatformMessage, PlatformSchedule } from './lib/deliver.ts'
export type { PlatformEnv, WorkerEnv } from './lib/environment.ts'
export type { RoutesOf } from './lib/schema.ts'
export { createWorker, type FlowportWorker, type WorkerContext, type WorkerOptions } from './lib/worker.ts'
