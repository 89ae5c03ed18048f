/** The service worker: keeps the page for offline use, and answers the app's routes with its flows. */
import app from '@flowport-examples/flows'
import { createServiceWorker } from '@flowport/host-workers/service-worker'

declare const precache: readonly string[]
declare const version: string

createServiceWorker(app, { precache, version })
