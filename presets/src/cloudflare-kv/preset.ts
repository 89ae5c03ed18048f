/** The `cloudflare-kv` preset: key-value entries in Workers KV, over a binding on Workers and the REST API on Node. */
import { platform } from '#cloudflare-kv/platform'
import { definePreset } from '@flowport/capabilities'
import { refusal } from '../platform/refusal.ts'
import {
  type CloudflareKvEnv,
  cloudflareKvEnv,
  cloudflareKvLayers,
  type CloudflareKvOptions,
  type CloudflareKvProvides,
} from './declaration.ts'
import { cloudflareKvNumbers } from './expiry.ts'
import { cloudflareKvInfo } from './info.ts'

export type { CloudflareKvOptions, CloudflareKvProvides } from './declaration.ts'
export type { CloudflareKvInfo } from './info.ts'

/** Provides `kv`. The next stop is `platform.workerd.ts` or `platform.node.ts`. */
export const cloudflareKv = definePreset<CloudflareKvOptions, CloudflareKvEnv, CloudflareKvProvides>({
  name: 'cloudflare-kv',
  env: cloudflareKvEnv,
  provides: { kv: cloudflareKvInfo },
  numbers: cloudflareKvNumbers,
  layers: cloudflareKvLayers,
  ...(platform ??
    refusal(
      'cloudflare-kv',
      "a Worker's binding, or a server to keep an API token on",
      '"memory" or "opfs-browser"',
    )),
})
