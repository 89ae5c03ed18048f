/** Types only, compiled with Cloudflare's own: what `createWorker` returns is a Worker's default export. */
import { type App, defineApp } from '@flowport/flow'
import { createWorker } from '@flowport/host-workers'

export const app: App = defineApp({ flows: [], profiles: { workers: [] } })

interface Env {
  readonly FILES: R2Bucket
  readonly FLOWPORT_PROFILE: string
}

/** `ExportedHandler` has its handlers' own types of request, batch and controller. */
export const handler = createWorker(app) satisfies ExportedHandler<Env & Record<string, unknown>>
