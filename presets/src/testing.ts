/** `@flowport/presets/testing`: twins of providers, in memory, that behave as the platform does in production. */
export type { KvNamespaceBinding } from './lib/cloudflare-kv/binding.ts'
export type { TwinNamespace } from './lib/twins/cloudflare-kv-namespace.ts'
export {
  cloudflareKvTwin,
  type CloudflareKvTwin,
  type CloudflareKvTwinOptions,
} from './lib/twins/cloudflare-kv.ts'
export {
  cloudflareR2Twin,
  type CloudflareR2Twin,
  type CloudflareR2TwinOptions,
  FixedLengthStreamTwin,
} from './lib/twins/cloudflare-r2.ts'
