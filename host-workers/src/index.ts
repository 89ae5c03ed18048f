/** Flowport on Cloudflare Workers: the Worker entry, and the Hono app for those who have one. */
export { type FlowportHonoEnv, type FlowportHonoOptions, flowportHono } from './lib/app.ts'
export { consoleLogger, type LogLevel } from './lib/console-logger.ts'
export type { WorkerEnv } from './lib/environment.ts'
export { createWorker, type ExecutionContext, type FlowportWorker } from './lib/worker.ts'
