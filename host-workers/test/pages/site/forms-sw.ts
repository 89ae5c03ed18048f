/** A service worker over the conformance flows. */
import { hostApp } from '@flowport/flow/testing/host'
import { createServiceWorker } from '@flowport/host-workers/service-worker'
import { memory } from '@flowport/presets/memory'

createServiceWorker(hostApp('browser', [memory()]), { filter: ({ mode }) => mode !== 'navigate' })
