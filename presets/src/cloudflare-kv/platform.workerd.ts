/** Opens the `cloudflare-kv` preset on Workers: a KV namespace binding. The driver is the next stop. */
import { CapabilityError, createKeyValue } from '@flowport/capabilities'
import { KvBindingDriver } from './binding-driver.ts'
import { isKvNamespace } from './binding.ts'
import { cloudflareKvBindings, type CloudflareKvPlatform } from './declaration.ts'

export const platform: CloudflareKvPlatform | null = {
  bindings: cloudflareKvBindings,
  portable: { kv: createKeyValue },
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
}
