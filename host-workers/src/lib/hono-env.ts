/** What Hono knows of a Worker that runs Flowport, and what hooks see of Hono. */
import type { Context, Env } from 'hono'
import type { WorkerEnv } from './environment.ts'

export interface FlowportHonoEnv {
  Bindings: WorkerEnv
}

/** What hooks see of Hono's context. `HookContext<{ Variables: { user: User } }>` has the variables of a middleware. */
export type HookContext<E extends Env = Env> = Pick<
  Context<FlowportHonoEnv & E>,
  'env' | 'executionCtx' | 'req' | 'var'
>
