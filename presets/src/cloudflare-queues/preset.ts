/** The `cloudflare-queues` preset on Workers: sends to a queue over its producer binding. */
import { platform } from '#cloudflare-queues/platform'
import { definePreset } from '@flowport/capabilities'
import { refusal } from '../platform/refusal.ts'
import {
  cloudflareQueuesEnv,
  cloudflareQueuesLayers,
  type CloudflareQueuesOptions,
  cloudflareQueuesProvides,
} from './declaration.ts'

export type { CloudflareQueuesOptions } from './declaration.ts'

/** Provides `queue`, the sending side. The next stop is `platform.workerd.ts`. */
export const cloudflareQueues = definePreset<
  CloudflareQueuesOptions,
  typeof cloudflareQueuesEnv,
  typeof cloudflareQueuesProvides
>({
  name: 'cloudflare-queues',
  env: cloudflareQueuesEnv,
  provides: cloudflareQueuesProvides,
  layers: cloudflareQueuesLayers,
  ...(platform ?? refusal('cloudflare-queues', "a Worker's queue binding", '"sqlite" or "memory"')),
})
