/** `createBrowserHost` runs an app's flows in the page: invoked directly, or with requests as on Workers. */
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
  /** Opens the profile if it is not open. Rejects with a `DiagnosticsError` that contains every finding that prevents it. */
  readonly ready: Promise<void>
  /** Runs a flow of the app. Opens the profile at the first call. */
  invoke<I, O, N, T extends TriggerSpec>(
    flow: Flow<I, O, N, T>,
    request: { readonly input: Sent<I, T> } & InvokeOptions,
  ): Promise<O>
  /** Answers a request to a route of a flow, like a server of the app. Never uses the network. */
  fetch(input: Request | URL | string, init?: RequestInit): Promise<Response>
  /** The open resources. Throws before `ready` has resolved. */
  readonly bag: ResourceBag
  /**
   * Resources that give less than their preset states, such as files in memory because the browser refused storage. Empty
   * before `ready` has resolved.
   */
  readonly warnings: readonly HostWarning[]
  /** Resolves to the flows, bindings and their guarantees. Opens the profile. */
  describe(): Promise<Overview & { readonly warnings: readonly HostWarning[] }>
  /** Ends running flows and closes the stores. */
  close(): Promise<void>
}

/** Creates a host for the page. Opens the profile only when it is first needed. */
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
      // If the profile cannot be opened, the answer is a problem.
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
