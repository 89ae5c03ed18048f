/** The service worker: caches the page for offline use, and runs the app's flows for requests to its routes. */
import app from '@flowport-examples/flows'
import { createServiceWorker } from '@flowport/host-workers/service-worker'

declare const precache: readonly string[]
declare const version: string

createServiceWorker(app, { precache, version })
