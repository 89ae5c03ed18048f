/** The `cloudflare-queues` preset where there are no bindings of Workers: it resolves, and `open` fails with advice. */
import { definePreset } from '@flowport/capabilities'
import {
  cloudflareQueuesEnv,
  cloudflareQueuesLayers,
  type CloudflareQueuesOptions,
  cloudflareQueuesProvides,
} from './lib/cloudflare-queues/declaration.ts'
import { unsupported } from './lib/unsupported.ts'

export type { CloudflareQueuesOptions } from './lib/cloudflare-queues/declaration.ts'

export const cloudflareQueues = definePreset<
  CloudflareQueuesOptions,
  typeof cloudflareQueuesEnv,
  typeof cloudflareQueuesProvides
>({
  name: 'cloudflare-queues',
  env: cloudflareQueuesEnv,
  provides: cloudflareQueuesProvides,
  layers: cloudflareQueuesLayers,
  open: unsupported('cloudflare-queues', "a Worker's queue binding", '"sqlite" or "memory"'),
})
