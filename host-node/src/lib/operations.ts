/** Serves `/healthz`, `/readyz`, `/openapi.json` and the overview, to whom the options let. */
import type { Awaitable } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import type { App } from '@flowport/flow'
import {
  type CheckedOperations,
  health,
  type HttpCall,
  type HttpOutcome,
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
import type { Listening } from './listening.ts'

/** Registers what is not off. `hasRoot`: a flow has `GET /`, so that there is no overview. */
export function addOperations(
  scope: FastifyInstance,
  app: App,
  operations: CheckedOperations,
  listening: Listening,
  { hasRoot }: { readonly hasRoot: boolean },
): void {
  const { runtime, profile, bag } = scope.flowport

  function add(
    path: string,
    name: 'overview' | 'openapi' | 'readiness',
    make: (call: HttpCall) => Awaitable<HttpOutcome>,
  ): void {
    const access: OperationAccess | undefined = operations[name]
    if (access === 'off') return
    scope.get(path, (request: FastifyRequest, reply: FastifyReply) => {
      const call = new FastifyCall(request, reply)
      const isShown = access !== undefined || listening.isLocal(request)
      Promise.resolve(
        isShown
          ? operate(runtime, access ?? 'on', name, call, () => make(call))
          : Promise.reject(noRoute('GET', [])),
      )
        .catch((error: unknown) => problemOutcome(error, call))
        .then((outcome) => sendOutcome(reply, outcome))
        .catch(() => reply.raw.destroy())
    })
  }

  if (operations.health) scope.get('/healthz', (_request, reply) => sendOutcome(reply, health()))
  add('/readyz', 'readiness', () => readiness(runtime, systemClock))
  let document: string | undefined
  add('/openapi.json', 'openapi', () => {
    document ??= JSON.stringify(openApi(app, scope.prefix === '' ? {} : { serverUrl: scope.prefix }))
    return { status: 200, headers: { 'content-type': 'application/json; charset=utf-8' }, body: document }
  })
  if (hasRoot) return
  const overview = overviewOf(app, profile, bag)
  add('/', 'overview', (call) => overviewOutcome(overview, call))
}
