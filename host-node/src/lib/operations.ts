/** Serves `/healthz`, `/readyz`, `/openapi.json` and the overview, with the access that the options allow. */
import type { Awaitable } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import type { App, Metadata } from '@flowport/flow'
import {
  type CheckedOperations,
  health,
  type HttpCall,
  type HttpOutcome,
  ledgerOutcome,
  ledgerPath,
  noRoute,
  openApi,
  operate,
  type OperationAccess,
  overviewOf,
  overviewOutcome,
  problemOutcome,
  readiness,
} from '@flowport/flow/http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { FastifyCall, sendOutcome } from './fastify-call.ts'
import type { RequestBodies } from './bodies/request-bodies.ts'
import type { Listening } from './listening.ts'

/** Registers the operations that are not off. `hasRoot` means that a flow serves `GET /`, so there is no overview. */
export function addOperations(
  scope: FastifyInstance,
  app: App,
  operations: CheckedOperations,
  listening: Listening,
  { hasRoot, bodies }: { readonly hasRoot: boolean; readonly bodies: RequestBodies },
): void {
  const { runtime, profile, bag } = scope.flowport

  function add(
    path: string,
    name: 'overview' | 'openapi' | 'readiness' | 'ledger',
    make: (call: HttpCall, metadata: Metadata) => Awaitable<HttpOutcome>,
    method: 'GET' | 'POST' = 'GET',
  ): void {
    const access: OperationAccess | undefined = operations[name]
    if (access === 'off') return
    const handler = (request: FastifyRequest, reply: FastifyReply) => {
      const call = new FastifyCall(request, reply, bodies)
      const isShown = access !== undefined || listening.isLocal(request)
      Promise.resolve(
        isShown
          ? operate(runtime, access ?? 'on', name, call, (metadata) => make(call, metadata))
          : Promise.reject(noRoute(method, [])),
      )
        .catch((error: unknown) => problemOutcome(error, call))
        .then((outcome) => sendOutcome(reply, outcome))
        .catch(() => reply.raw.destroy())
    }
    scope.route({ method, url: path, handler })
  }

  if (operations.health) scope.get('/healthz', (_request, reply) => sendOutcome(reply, health()))
  add('/readyz', 'readiness', () => readiness(runtime, systemClock))
  let document: string | undefined
  add('/openapi.json', 'openapi', () => {
    document ??= JSON.stringify(openApi(app, scope.prefix === '' ? {} : { serverUrl: scope.prefix }))
    return { status: 200, headers: { 'content-type': 'application/json; charset=utf-8' }, body: document }
  })
  const ledger = (call: HttpCall, metadata: Metadata) =>
    ledgerOutcome(call, { app, runtime, log: scope.log, metadata })
  add(ledgerPath, 'ledger', ledger)
  add(ledgerPath, 'ledger', ledger, 'POST')
  if (hasRoot) return
  const overview = overviewOf(app, profile, bag)
  add('/', 'overview', (call) => overviewOutcome(overview, call))
}
