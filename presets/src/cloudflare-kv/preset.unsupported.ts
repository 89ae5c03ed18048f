/** The `cloudflare-kv` preset where there is neither a binding nor a safe place for a token: `open` fails with advice. */
import { definePreset } from '@flowport/capabilities'
import {
  cloudflareKvEnv,
  cloudflareKvLayers,
  type CloudflareKvOptions,
  type CloudflareKvProvides,
} from './declaration.ts'
import { cloudflareKvInfo } from './info.ts'
import { unsupported } from '../platform/refusal.ts'

export type { CloudflareKvOptions, CloudflareKvProvides } from './declaration.ts'
export type { CloudflareKvInfo } from './info.ts'

export const cloudflareKv = definePreset<CloudflareKvOptions, typeof cloudflareKvEnv, CloudflareKvProvides>({
  name: 'cloudflare-kv',
  env: cloudflareKvEnv,
  provides: { kv: cloudflareKvInfo },
  layers: cloudflareKvLayers,
  open: unsupported(
    'cloudflare-kv',
    "a Worker's binding, or a server to keep an API token on",
    '"memory" or "opfs-browser"',
  ),
})
