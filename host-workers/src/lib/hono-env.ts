/** What Hono knows of a Worker that runs Flowport. */
import type { WorkerEnv } from './environment.ts'

export interface FlowportHonoEnv {
  Bindings: WorkerEnv
}
