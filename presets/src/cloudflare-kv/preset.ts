/** The `cloudflare-kv` preset on Node: key-value entries in Workers KV, over Cloudflare's REST API. */
import { createKeyValue, definePreset } from '@flowport/capabilities'
import { cloudflareKvNumbers } from './expiry.ts'
import {
  type CloudflareKvOptions,
  type CloudflareKvProvides,
  cloudflareKvRestEnv,
  cloudflareKvRestLayers,
} from './declaration.ts'
import { cloudflareKvRestInfo } from './info.ts'
import { checkRestAccess, restAccess } from './rest-access.ts'
import { KvRestDriver } from './rest-driver.ts'

export type { CloudflareKvOptions, CloudflareKvProvides } from './declaration.ts'
export type { CloudflareKvInfo } from './info.ts'

/** Provides `kv`. The driver is the next stop. */
export const cloudflareKv = definePreset<
  CloudflareKvOptions,
  typeof cloudflareKvRestEnv,
  CloudflareKvProvides
>({
  name: 'cloudflare-kv',
  env: cloudflareKvRestEnv,
  provides: { kv: cloudflareKvRestInfo },
  portable: { kv: createKeyValue },
  numbers: cloudflareKvNumbers,
  layers: cloudflareKvRestLayers,
  check: ({ env, options }) => checkRestAccess(options, env),
  open({ env, clock, options }) {
    const { defaultTtlSeconds, baseUrl, fetch } = options
    return { kv: new KvRestDriver({ ...restAccess(options, env), defaultTtlSeconds, baseUrl, fetch, clock }) }
  },
})
