/** Hono's types for a Worker that runs Flowport, and the part of Hono's context that hooks get. */
import type { Context, Env } from 'hono'
import type { WorkerEnv } from './environment.ts'

export interface FlowportHonoEnv {
  Bindings: WorkerEnv
}

/** The part of Hono's context that hooks get. `HookContext<{ Variables: { user: User } }>` adds a middleware's variables. */
export type HookContext<E extends Env = Env> = Pick<
  Context<FlowportHonoEnv & E>,
  'env' | 'executionCtx' | 'req' | 'var'
>
