/** Opens the `cloudflare-kv` preset on Node: Cloudflare's REST API, with an API token. The driver is the next stop. */
import { createKeyValue } from '@flowport/capabilities'
import { type CloudflareKvPlatform, cloudflareKvRestEnv, cloudflareKvRestLayers } from './declaration.ts'
import { cloudflareKvRestInfo } from './info.ts'
import { checkRestAccess, restAccess } from './rest-access.ts'
import { KvRestDriver } from './rest-driver.ts'

export const platform: CloudflareKvPlatform | null = {
  env: cloudflareKvRestEnv,
  provides: { kv: cloudflareKvRestInfo },
  portable: { kv: createKeyValue },
  layers: cloudflareKvRestLayers,
  check: ({ env, options }) => checkRestAccess(options, env),
  open({ env, clock, options }) {
    const { defaultTtlSeconds, baseUrl, fetch } = options
    return { kv: new KvRestDriver({ ...restAccess(options, env), defaultTtlSeconds, baseUrl, fetch, clock }) }
  },
}
