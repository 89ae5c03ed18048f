/** Flowport on Node: the Fastify plugin (default export), a ready-made server, and profiles chosen by environment. */
export { type Environment, readEnvironment } from './lib/environment.ts'
export { type FlowportInstance, type FlowportOptions, flowport, flowport as default } from './lib/plugin.ts'
export {
  chooseProfile,
  type OpenedProfile,
  type OpenProfileOptions,
  openProfile,
  UnknownProfileError,
} from './lib/profile.ts'
export type { DeliveryOptions } from './lib/delivery/options.ts'
export { describeServer } from './lib/describe-server.ts'
export { safeLogging } from './lib/logging.ts'
export { answerClientError } from './lib/client-error.ts'
export { createServer, type ServeOptions, serve } from './lib/serve.ts'
