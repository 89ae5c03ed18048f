/** The Cloudflare Workers profile: Durable Objects for strong consistency, KV for flags, R2 for files and Queues for emails. */
import { cloudflareKv } from '@flowport/presets/cloudflare-kv'
import { cloudflareQueues } from '@flowport/presets/cloudflare-queues'
import { cloudflareR2 } from '@flowport/presets/cloudflare-r2'
import { durableDedupe } from '@flowport/presets/durable-dedupe'
import { payments } from './payments.ts'

export const workers = [
  durableDedupe(),
  cloudflareKv({ as: 'flags', binding: 'FLAGS' }),
  cloudflareR2({ binding: 'FILES' }),
  cloudflareQueues({ as: 'emails', binding: 'EMAILS' }),
  payments(),
] as const
