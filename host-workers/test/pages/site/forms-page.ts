/** Sends the table of multipart forms to the service worker, and shows the deviations. */
import { runFormTable } from '@flowport/flow/testing/host'
import { registerServiceWorker } from '@flowport/host-workers/browser'

await registerServiceWorker('/sw.js', { scope: '/' })
const wrong = await runFormTable({
  send: (path, type, [body = null]) =>
    fetch(path, { method: 'POST', headers: { 'content-type': type }, body }),
  get: (path) => fetch(path),
})
document.documentElement.dataset['wrong'] = JSON.stringify(wrong)
