/** Opens the `cloudflare-queues` preset on Workers: a producer binding. The driver is the next stop. */
import { CapabilityError, createQueue } from '@flowport/capabilities'
import type { PlatformPart } from '../platform/platform-part.ts'
import { isQueueBinding } from './binding.ts'
import {
  cloudflareQueuesBindings,
  type cloudflareQueuesEnv,
  type CloudflareQueuesOptions,
  type cloudflareQueuesProvides,
} from './declaration.ts'
import { CloudflareQueuesDriver } from './driver.ts'

type CloudflareQueuesPlatform = PlatformPart<
  CloudflareQueuesOptions,
  typeof cloudflareQueuesEnv,
  typeof cloudflareQueuesProvides
>

export const platform: CloudflareQueuesPlatform | null = {
  bindings: cloudflareQueuesBindings,
  portable: { queue: createQueue },
  open({ bindings, options: { binding = 'QUEUE' } }) {
    const queue = bindings[binding]
    if (!isQueueBinding(queue)) {
      throw new CapabilityError(
        'Misconfigured',
        `cloudflare-queues: no queue is bound as "${binding}"; add it to queues.producers in the Worker's configuration`,
        { details: { binding } },
      )
    }
    // A binding is one queue, under any name that the profile gives it.
    return { queue: () => new CloudflareQueuesDriver(queue) }
  },
}
