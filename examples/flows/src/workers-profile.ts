/** The profile of Cloudflare Workers: Durable Objects where a strong store is needed, KV where it is not, R2 for files. */
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
