/** Serves `/healthz`, `/readyz`, `/openapi.json` and the overview, with the access that the options allow. */
import type { Awaitable } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import type { App, Metadata } from '@flowport/flow'
import {
  type CheckedOperations,
  health,
  type HttpOutcome,
  type ledgerOutcome,
  ledgerPath,
  noRoute,
  openApi,
  operate,
  type Operations,
  overviewOf,
  overviewOutcome,
  readiness,
} from '@flowport/flow/http'
import type { Context, Hono } from 'hono'
import { isLocal } from './doors.ts'
import type { FlowportHonoEnv } from './hono-env.ts'
import type { Opened } from './opened.ts'
import type { WebCall } from './web-call.ts'

type HonoContext = Context<FlowportHonoEnv>

/** Opens the profile if it is not open. */
type Open = () => Awaitable<Opened>

/** Answers one request; errors become problems. */
export type Answer = (
  context: HonoContext,
  make: (call: WebCall, open: Open) => Awaitable<HttpOutcome>,
) => Response | Promise<Response>

/** Returns the operations for a host that only its own page can reach: an unset access is `on`. */
export function onUnlessSaid(operations: boolean | Operations = {}): boolean | Operations {
  return typeof operations === 'boolean' ? operations : { overview: 'on', openapi: 'on', ...operations }
}

/** Registers the operations that are not off. `hasRoot` means that a flow serves `GET /`, so there is no overview. */
export function addOperations(
  hono: Hono<FlowportHonoEnv>,
  app: App,
  operations: CheckedOperations,
  answer: Answer,
  {
    hasRoot,
    mountOf,
    ledger,
  }: {
    readonly hasRoot: boolean
    readonly mountOf: (context: HonoContext, own: string) => string
    readonly ledger: typeof ledgerOutcome | undefined
  },
): void {
  function add(
    path: string,
    name: 'overview' | 'openapi' | 'readiness' | 'ledger',
    make: (call: WebCall, open: Open, context: HonoContext, metadata: Metadata) => Awaitable<HttpOutcome>,
    method: 'GET' | 'POST' = 'GET',
  ): void {
    const access = operations[name]
    if (access === 'off') return
    hono.on(method, path, (context) =>
      answer(context, async (call, open) => {
        if (access === undefined && !isLocal(context.req.raw.url)) throw noRoute(method, [])
        if (access !== 'guarded') return make(call, open, context, {})
        const { runtime } = await open()
        return operate(runtime, access, name, call, (metadata) => make(call, open, context, metadata))
      }),
    )
  }

  if (operations.health) hono.get('/healthz', (context) => answer(context, () => health()))
  add('/readyz', 'readiness', async (_call, open) => readiness((await open()).runtime, systemClock))
  let document: string | undefined
  add('/openapi.json', 'openapi', (_call, _open, context) => {
    const mount = mountOf(context, '/openapi.json')
    document ??= JSON.stringify(openApi(app, mount === '' ? {} : { serverUrl: mount }))
    return { status: 200, headers: { 'content-type': 'application/json; charset=utf-8' }, body: document }
  })
  if (ledger !== undefined) {
    const make = async (call: WebCall, open: Open, _context: HonoContext, metadata: Metadata) => {
      const { runtime, log } = await open()
      return ledger(call, { app, runtime, log, metadata })
    }
    add(ledgerPath, 'ledger', make, 'GET')
    add(ledgerPath, 'ledger', make, 'POST')
  }
  if (hasRoot) return
  add('/', 'overview', async (call, open) => {
    const { name, bag } = await open()
    return overviewOutcome(overviewOf(app, name, bag), call)
  })
}
