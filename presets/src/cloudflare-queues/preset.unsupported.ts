/** The `cloudflare-queues` preset where there are no bindings of Workers: it resolves, and `open` fails with advice. */
import { definePreset } from '@flowport/capabilities'
import {
  cloudflareQueuesEnv,
  cloudflareQueuesLayers,
  type CloudflareQueuesOptions,
  cloudflareQueuesProvides,
} from './declaration.ts'
import { unsupported } from '../platform/refusal.ts'

export type { CloudflareQueuesOptions } from './declaration.ts'

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
