/** The `cloudflare-kv` preset on Workers: key-value entries in Workers KV, over a binding. */
import { CapabilityError, createKeyValue, definePreset } from '@flowport/capabilities'
import { cloudflareKvNumbers } from './expiry.ts'
import { isKvNamespace } from './binding.ts'
import { KvBindingDriver } from './binding-driver.ts'
import {
  cloudflareKvBindings,
  cloudflareKvEnv,
  cloudflareKvLayers,
  type CloudflareKvOptions,
  type CloudflareKvProvides,
} from './declaration.ts'
import { cloudflareKvInfo } from './info.ts'

export type { CloudflareKvOptions, CloudflareKvProvides } from './declaration.ts'
export type { CloudflareKvInfo } from './info.ts'

/** Provides `kv`. The driver is the next stop. */
export const cloudflareKv = definePreset<CloudflareKvOptions, typeof cloudflareKvEnv, CloudflareKvProvides>({
  name: 'cloudflare-kv',
  env: cloudflareKvEnv,
  provides: { kv: cloudflareKvInfo },
  bindings: cloudflareKvBindings,
  portable: { kv: createKeyValue },
  numbers: cloudflareKvNumbers,
  layers: cloudflareKvLayers,
  open({ bindings, clock, options }) {
    const { binding = 'KV', defaultTtlSeconds, readExpiry } = options
    const namespace = bindings[binding]
    if (!isKvNamespace(namespace)) {
      throw new CapabilityError(
        'Misconfigured',
        `cloudflare-kv: no KV namespace is bound as "${binding}"; add it to kv_namespaces in the Worker's configuration`,
        { details: { binding } },
      )
    }
    return { kv: new KvBindingDriver(namespace, { defaultTtlSeconds, readExpiry, clock }) }
  },
})
