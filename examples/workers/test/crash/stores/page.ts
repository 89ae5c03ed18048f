/** The crash app in a page, over the browser's private file system. */
import { createBrowserHost } from '@flowport/host-workers/browser'
import { opfsBrowser } from '@flowport/presets/opfs-browser'
import { crashApp, type FlowName } from '../app.ts'
import type { Answer } from '../life.ts'
import { controlHeader, hooks, steps } from '../steps.ts'

const host = createBrowserHost(
  crashApp('browser', [
    opfsBrowser({ only: ['dedupe'], fallback: 'none', layers: (own) => [...own, steps] }),
  ]),
  { profile: 'browser', hooks },
)

async function call(flow: FlowName, id: string, control: string): Promise<Answer> {
  const response = await host.fetch(`/${flow}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', [controlHeader]: control },
    body: JSON.stringify({ id }),
  })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

declare global {
  /** Calls the page's app. */
  var crash: { readonly call: typeof call }
}

globalThis.crash = { call }
