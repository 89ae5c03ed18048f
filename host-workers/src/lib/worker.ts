/** `createWorker`: a Worker's entry. HTTP goes to the Hono app, batches and schedules to the flows that ask for them. */
import { checkNumbers, lifeRule } from '@flowport/capabilities'
import type { App } from '@flowport/flow'
import { ledgerOutcome } from '@flowport/flow/http'
import { type FlowportHonoOptions, honoFor } from './app.ts'
import {
  deliverPlatformBatch,
  type DeliverySettings,
  type PlatformBatch,
  type PlatformSchedule,
  runPlatformSchedule,
} from './deliver.ts'
import type { PlatformEnv, WorkerEnv } from './environment.ts'
import { opener } from './opened.ts'

export interface WorkerOptions extends FlowportHonoOptions, DeliverySettings {}

/** What the platform lends to each event. */
export interface WorkerContext {
  waitUntil(work: Promise<unknown>): void
  passThroughOnException(): void
}

export interface FlowportWorker {
  fetch(request: Request, env: PlatformEnv, context: WorkerContext): Promise<Response>
  queue(batch: PlatformBatch, env: PlatformEnv, context: WorkerContext): Promise<void>
  scheduled(schedule: PlatformSchedule, env: PlatformEnv, context: WorkerContext): Promise<void>
}

/** `export default createWorker(app)`. The profile is the one `env.FLOWPORT_PROFILE` names, else `'workers'`. */
export function createWorker(app: App, options: WorkerOptions = {}): FlowportWorker {
  checkNumbers('createWorker', { ...options }, { deliveryDeadlineMs: lifeRule })
  const profile = opener(app, options)
  const hono = honoFor(app, profile, options, { ledger: ledgerOutcome, isServed: true })
  // No route is added any more: the router is built while the isolate starts, not in its first request.
  hono.router.match('GET', '/')
  return {
    fetch(request, env, context) {
      const response = hono.fetch(request, named(env), context as never)
      return response instanceof Promise ? response : Promise.resolve(response)
    },
    queue: async (batch, env, context) =>
      deliverPlatformBatch(app, await profile.open(named(env)), batch, options, (work) =>
        context.waitUntil(work),
      ),
    async scheduled(schedule, env, context) {
      const opened = await profile.open(named(env))
      const sweep = opened.sweeper.sweepIfDue()
      if (sweep !== undefined) context.waitUntil(sweep)
      await runPlatformSchedule(app, opened, schedule, options, (work) => context.waitUntil(work))
    },
  }
}

/** The same object, whose values are read by name. */
const named = (env: PlatformEnv) => env as WorkerEnv
