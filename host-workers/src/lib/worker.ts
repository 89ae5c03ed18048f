/** `createWorker`: a Worker's entry. HTTP goes to the Hono app, batches and schedules to the flows that ask for them. */
import type { App } from '@flowport/flow'
import { type FlowportHonoOptions, honoFor } from './app.ts'
import type { WorkerEnv } from './environment.ts'
import { opener } from './opened.ts'

/** What the platform lends to each event. */
export interface ExecutionContext {
  waitUntil(work: Promise<unknown>): void
  passThroughOnException(): void
}

export interface FlowportWorker {
  fetch(request: Request, env: WorkerEnv, context: ExecutionContext): Promise<Response>
}

/** `export default createWorker(app)`. The profile is the one `env.FLOWPORT_PROFILE` names, else `'workers'`. */
export function createWorker(app: App, options: FlowportHonoOptions = {}): FlowportWorker {
  const open = opener(app, options)
  const hono = honoFor(app, open, options)
  return {
    fetch: async (request, env, context) => hono.fetch(request, env, context as never),
  }
}
