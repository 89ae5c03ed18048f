/**
 * `createWorker`: a Worker's entry. Passes HTTP requests to the Hono app, and message batches and schedules to the flows with
 * these triggers.
 */
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

/** The platform's context of an event. */
export interface WorkerContext {
  waitUntil(work: Promise<unknown>): void
  passThroughOnException(): void
}

export interface FlowportWorker {
  fetch(request: Request, env: PlatformEnv, context: WorkerContext): Promise<Response>
  queue(batch: PlatformBatch, env: PlatformEnv, context: WorkerContext): Promise<void>
  scheduled(schedule: PlatformSchedule, env: PlatformEnv, context: WorkerContext): Promise<void>
}

/** `export default createWorker(app)`. Uses the profile that `env.FLOWPORT_PROFILE` names, else `'workers'`. */
export function createWorker(app: App, options: WorkerOptions = {}): FlowportWorker {
  checkNumbers('createWorker', { ...options }, { deliveryDeadlineMs: lifeRule })
  const profile = opener(app, options)
  const hono = honoFor(app, profile, options, { ledger: ledgerOutcome, isServed: true })
  // Builds the router while the isolate starts, rather than during the first request. No route is added later.
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

/** Types the platform's `env` for access by name. */
const named = (env: PlatformEnv) => env as WorkerEnv
