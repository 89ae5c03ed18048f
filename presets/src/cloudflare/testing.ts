/** `@flowport/presets/testing`: twins of providers, in memory, that behave as the platform does in production. */
export type { KvNamespaceBinding } from '../cloudflare-kv/binding.ts'
export type { TwinNamespace } from './twins/cloudflare-kv-namespace.ts'
export {
  cloudflareKvTwin,
  type CloudflareKvTwin,
  type CloudflareKvTwinOptions,
} from './twins/cloudflare-kv.ts'
export {
  cloudflareR2Twin,
  type CloudflareR2Twin,
  type CloudflareR2TwinOptions,
  FixedLengthStreamTwin,
} from './twins/cloudflare-r2.ts'
