/** The `cloudflare-queues` preset on Workers: sends to a queue over its producer binding. */
import { CapabilityError, createQueue, definePreset } from '@flowport/capabilities'
import { isQueueBinding } from './binding.ts'
import {
  cloudflareQueuesBindings,
  cloudflareQueuesEnv,
  cloudflareQueuesLayers,
  type CloudflareQueuesOptions,
  cloudflareQueuesProvides,
} from './declaration.ts'
import { CloudflareQueuesDriver } from './driver.ts'

export type { CloudflareQueuesOptions } from './declaration.ts'

/** Provides `queue`, the sending side. The driver is the next stop. */
export const cloudflareQueues = definePreset<
  CloudflareQueuesOptions,
  typeof cloudflareQueuesEnv,
  typeof cloudflareQueuesProvides
>({
  name: 'cloudflare-queues',
  env: cloudflareQueuesEnv,
  provides: cloudflareQueuesProvides,
  bindings: cloudflareQueuesBindings,
  portable: { queue: createQueue },
  layers: cloudflareQueuesLayers,
  open({ bindings, options: { binding = 'QUEUE' } }) {
    const queue = bindings[binding]
    if (!isQueueBinding(queue)) {
      throw new CapabilityError(
        'Misconfigured',
        `cloudflare-queues: no queue is bound as "${binding}"; add it to queues.producers in the Worker's configuration`,
        { details: { binding } },
      )
    }
    // One binding is one queue, whatever name it has in the profile.
    return { queue: () => new CloudflareQueuesDriver(queue) }
  },
})
