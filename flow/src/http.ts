/** The host-neutral HTTP bridge: what host adapters are made of. */
export type {
  HttpBody,
  HttpCall,
  HttpOutcome,
  HttpOutcomeBody,
  HttpSink,
} from './lib/http/call.ts'
export { type BodyLimits, type CheckedBodyLimits, checkedBodyLimits } from './lib/http/body-limits.ts'
export { BodyPace, closingBeforeWhole, tooManyBodies } from './lib/http/body-pace.ts'
export {
  type AllowedHosts,
  type HostCheck,
  hostCheck,
  isLoopbackName,
  nameOf,
} from './lib/http/allowed-hosts.ts'
export { checkCrossSite, type CrossSite } from './lib/http/cross-site.ts'
export {
  type CheckedOperations,
  checkedOperations,
  operate,
  type OperationAccess,
  type Operations,
} from './lib/http/operations.ts'
export { problemBody } from './lib/http/problem.ts'
export { safeRequestId } from './lib/http/request-id.ts'
export { checkApp } from './lib/app.ts'
export { answerHttp, handleHttp } from './lib/http/handle.ts'
export { checkHandleOptions, type HandleOptions } from './lib/http/handle-options.ts'
export { problemOutcome } from './lib/http/problem-outcome.ts'
export type { AnswerHeaders } from './lib/http/answer-headers.ts'
export { health, readiness } from './lib/http/health.ts'
export {
  fromBase64url,
  keyJson,
  listedJson,
  settledJson,
  shownJson,
} from './lib/ledger/ledger-json.ts'
export { ledgerOutcome, ledgerPath, type LedgerParts, operatorField } from './lib/http/ledger.ts'
export { isBodiless, problemHeadersOf } from './lib/response-head.ts'
export { type OpenApiOptions, openApi } from './lib/http/openapi/document.ts'
export { type RouteSchema, routeSchema } from './lib/http/openapi/route-schema.ts'
export {
  guaranteesOf,
  type Overview,
  type OverviewFlow,
  overviewOf,
  overviewOutcome,
} from './lib/http/overview.ts'
export {
  type ErasedAnswers,
  type EraseAnswersParts,
  eraseAnswers,
} from './lib/http/recorded/erase.ts'
export {
  badPath,
  invalidUtf8,
  noRoute,
  pathTooLong,
  tooLarge,
  truncated,
  unsupported,
} from './lib/http/refusals.ts'
export { shownText } from './lib/http/shown.ts'
export { checkCharset, decodeUtf8 } from './lib/http/text.ts'
export { type HttpRoute, httpRoutes, methodsFor } from './lib/http/route.ts'
export {
  checkSweepOption,
  createUploadSweeper,
  sweepIntervalMs,
  type SweepOption,
  type UploadSweeper,
  type UploadSweeperParts,
  waitsForKey,
} from './lib/http/upload-sweeper.ts'
export { storeBody, type StoreBodyParts } from './lib/http/uploads/store-body.ts'
