/** What Cloudflare Queues state of themselves. Web types only: the stub for other runtimes states the same. */
import type { QueueCapabilityInfo } from '@flowport/capabilities'

/** Bytes the platform may add to a message, which count towards its limit. */
const metadataBytes = 100

/**
 * Limits of the platform, from https://developers.cloudflare.com/queues/platform/limits/, where 1 KB is 1000 bytes: messages
 * of 128 KB with up to 100 bytes of the platform's own, 100 messages in a batch, delays of 12 hours.
 */
export const cloudflareQueuesLimits = {
  maxMessageBytes: 128_000 - metadataBytes,
  maxBatchMessages: 100,
  maxDelayMs: 43_200_000,
} as const satisfies QueueCapabilityInfo['limits']

/** Most bytes of one batch, the platform's own included: 256 KB. */
export const maxBatchBytes = 256_000

/** What a message counts for in a batch beside its body. */
export const messageOverheadBytes = metadataBytes

/**
 * Delivery and order: https://developers.cloudflare.com/queues/reference/delivery-guarantees/. `deadLetter` is false
 * because a binding cannot read the dead letters: the platform sends them to the queue named by `dead_letter_queue`.
 * `renew` is false because the platform leases messages for a consumer's run, and does not extend that.
 */
export const cloudflareQueuesInfo = {
  provider: 'cloudflare-queues',
  delivery: 'at_least_once',
  ordering: 'unordered',
  durability: 'durable',
  limits: cloudflareQueuesLimits,
  features: { deadLetter: false, renew: false, redrive: false },
  extensions: {
    'com.cloudflare.queues.maxBatchBytes': maxBatchBytes,
    // Over all producers of a queue, and what ends it is a RateLimited error.
    'com.cloudflare.queues.messagesPerSecond': 5000,
    // The binding only sends: the platform calls the Worker's queue handler.
    'com.cloudflare.queues.consumer': 'push',
  },
} as const satisfies QueueCapabilityInfo
