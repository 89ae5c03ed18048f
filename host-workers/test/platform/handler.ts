/** Types only: compiled with Cloudflare's types, `createWorker` returns a valid default export of a Worker. */
import { type App, defineApp } from '@flowport/flow'
import { createWorker } from '@flowport/host-workers'

export const app: App = defineApp({ flows: [], profiles: { workers: [] } })

interface Env {
  readonly FILES: R2Bucket
  readonly FLOWPORT_PROFILE: string
}

/** `ExportedHandler` declares the platform's types of request, batch and controller. */
export const handler = createWorker(app) satisfies ExportedHandler<Env & Record<string, unknown>>
