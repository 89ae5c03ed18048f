/** What a host serves beside the flows, and who may see it. */
import type { Awaitable } from '@flowport/capabilities'
import type { RunRequest } from '../runtime/run-host.ts'
import type { Metadata } from '../node.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { HttpCall, HttpOutcome } from './call.ts'

/** `'guarded'`: the app's hooks run first, as before a flow, and may refuse the request with `deny()`. */
export type OperationAccess = 'on' | 'off' | 'guarded'

export interface Operations {
  /**
   * `GET /`: flows, bindings and their guarantees. Default `'on'` for a server that listens on loopback only and in a
   * browser, else `'off'`.
   */
  readonly overview?: OperationAccess
  /** `GET /openapi.json`. Default as for `overview`. */
  readonly openapi?: OperationAccess
  /** `GET /readyz`: the names of the resources, and whether each can serve. Default `'on'`. */
  readonly readiness?: OperationAccess
  /**
   * `GET` and `POST /flowport/ledger`: unknown keys, and settling them. With `'guarded'` a hook must let each operator in by
   * their name. Default `'off'`, also with `operations: true`.
   */
  readonly ledger?: 'off' | 'guarded'
}

/** What decides each operation; `undefined` where it depends on where the server listens. */
export interface CheckedOperations {
  readonly health: boolean
  readonly overview: OperationAccess | undefined
  readonly openapi: OperationAccess | undefined
  readonly readiness: OperationAccess
  readonly ledger: 'off' | 'guarded'
}

/**
 * `true` is all of them but the ledger for everybody, `false` none, `/healthz` included. @throws TypeError for another access.
 */
export function checkedOperations(operations: boolean | Operations = {}): CheckedOperations {
  if (operations === false)
    return { health: false, overview: 'off', openapi: 'off', readiness: 'off', ledger: 'off' }
  if (operations === true)
    return { health: true, overview: 'on', openapi: 'on', readiness: 'on', ledger: 'off' }
  const { overview, openapi, readiness = 'on', ledger = 'off' } = operations
  for (const [name, access] of Object.entries({ overview, openapi, readiness })) {
    if (access === undefined || access === 'on' || access === 'off' || access === 'guarded') continue
    throw new TypeError(`operations.${name} is ${String(access)}: use 'on', 'off' or 'guarded'`)
  }
  if (ledger !== 'off' && ledger !== 'guarded')
    throw new TypeError(`operations.ledger is ${String(ledger)}: use 'off' or 'guarded'`)
  return { health: true, overview, openapi, readiness, ledger }
}

/** The answer of an operation; behind the hooks of the runtime where it is guarded. Rejects with what a hook threw. */
export function operate(
  runtime: Runtime,
  access: OperationAccess,
  name: 'overview' | 'openapi' | 'readiness' | 'ledger',
  call: HttpCall,
  make: (metadata: Metadata) => Awaitable<HttpOutcome>,
): Awaitable<HttpOutcome> {
  return access === 'guarded' ? runtime.guard(`flowport:${name}`, requestOf(call), make) : make({})
}

function requestOf(call: HttpCall): RunRequest {
  return {
    metadata: () => ({ 'http.method': call.method, 'http.path': call.path, 'http.route': call.path }),
    trigger: 'http',
    caller: call,
    log: call.log,
  }
}
