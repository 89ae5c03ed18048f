/** `@flowport/capabilities/context`: ambient resources, over `AsyncLocalStorage` (Node; on Workers `nodejs_als`). */
export { bindResources, bindStream, currentResources, runWithResources } from './lib/context.ts'
