/** `createBrowserHost` runs an app's flows in the page: invoked directly, or asked by requests as on Workers. */
import { asyncDispose, type ResourceBag } from '@flowport/capabilities'
import type { App, Flow, InvokeOptions, Sent, TriggerSpec } from '@flowport/flow'
import { type Overview, overviewOf } from '@flowport/flow/http'
import { type FlowportHonoOptions, honoFor } from '../app.ts'
import { onUnlessSaid } from '../operations.ts'
import { type BrowserOpenOptions, openingOf } from './opening.ts'
import { startQueues } from './queues.ts'
import { withReadableBody } from './request.ts'
import { type HostWarning, keptElsewhere } from './warnings.ts'

export interface BrowserHostOptions
  extends BrowserOpenOptions,
    Omit<FlowportHonoOptions, keyof BrowserOpenOptions> {}

export interface BrowserHost extends AsyncDisposable {
  /** Opens the profile unless it is open. Rejects with a `DiagnosticsError` that names everything that keeps it shut. */
  readonly ready: Promise<void>
  /** Runs a flow of the app. Opens the profile at the first call. */
  invoke<I, O, N, T extends TriggerSpec>(
    flow: Flow<I, O, N, T>,
    request: { readonly input: Sent<I, T> } & InvokeOptions,
  ): Promise<O>
  /** Answers as a server with the app's routes would; paths are those of the flows. Never reaches the network. */
  fetch(input: Request | URL | string, init?: RequestInit): Promise<Response>
  /** The open resources. An error before `ready`. */
  readonly bag: ResourceBag
  /** What serves less well than it states, such as files in memory because the browser refused a folder. Empty before `ready`. */
  readonly warnings: readonly HostWarning[]
  /** Flows, bindings and their guarantees. Opens the profile. */
  describe(): Promise<Overview & { readonly warnings: readonly HostWarning[] }>
  /** Ends the runs and closes the stores. */
  close(): Promise<void>
}

/** A host for the page. Nothing is opened before it is needed. */
export function createBrowserHost(app: App, options: BrowserHostOptions = {}): BrowserHost {
  const profile = openingOf(app, options)
  const hono = honoFor(app, profile, { ...options, operations: onUnlessSaid(options.operations) })
  const stopped = new AbortController()
  let consuming: Promise<unknown> | undefined

  async function opened() {
    const open = await profile.open()
    if (options.queues !== false && !stopped.signal.aborted)
      consuming ??= startQueues(app, open, stopped.signal)
    return open
  }

  async function close(): Promise<void> {
    stopped.abort()
    await Promise.all([profile.close(), consuming])
  }

  return {
    get ready() {
      return opened().then(() => undefined)
    },
    async invoke(flow, request) {
      if (!app.flows.includes(flow))
        throw new TypeError(`the app has no flow "${flow.name}": add it to defineApp({ flows })`)
      const { runtime } = await opened()
      return runtime.invoke(flow, request)
    },
    async fetch(input, init) {
      const request = input instanceof Request && init === undefined ? input : new Request(input, init)
      // What keeps the profile shut is answered as a problem.
      await opened().catch(() => undefined)
      return hono.fetch(withReadableBody(request))
    },
    get bag() {
      if (profile.current === undefined) throw new Error('the host is not open: await host.ready')
      return profile.current.bag
    },
    get warnings() {
      const { current } = profile
      return current === undefined ? [] : [...current.notes, ...keptElsewhere(current)]
    },
    async describe() {
      const open = await opened()
      const warnings = [...open.notes, ...keptElsewhere(open)]
      return { ...overviewOf(app, open.name, open.bag), warnings }
    },
    close,
    [asyncDispose]: close,
  }
}
