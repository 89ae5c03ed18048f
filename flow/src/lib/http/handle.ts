/** The one function every host calls: a request in, an answer out, errors as problems. The next stop is the exchange. */
import type { Runtime } from '../runtime/runtime.ts'
import type { HttpCall, HttpOutcome } from './call.ts'
import { Exchange } from './exchange.ts'
import type { HandleOptions } from './handle-options.ts'
import type { HttpRoute } from './route.ts'

/** Answers a request to a route. Never rejects. */
export function handleHttp(
  runtime: Runtime,
  route: HttpRoute,
  call: HttpCall,
  options: HandleOptions = {},
): Promise<HttpOutcome> {
  return new Promise((resolve) => answerHttp(runtime, route, call, options, resolve))
}

/** As `handleHttp`, without a promise: calls `respond` once, which must not throw. */
export function answerHttp(
  runtime: Runtime,
  route: HttpRoute,
  call: HttpCall,
  options: HandleOptions = {},
  respond: (outcome: HttpOutcome) => void,
): void {
  new Exchange(runtime, route, call, options, respond).begin()
}
