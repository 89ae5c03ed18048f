/** A message taken from a `Queue`, as deliveries settle it: for hosts that take messages themselves. */
import type { Queue, QueueMessage } from '@flowport/capabilities'
import type { DeliveredMessage } from './message.ts'

/**
 * Settles by the message's own queue; `reject` is there when the queue sets messages aside, `renew` when it extends leases.
 */
export function heldMessage(
  queue: Pick<Queue, 'info' | 'ack' | 'retry' | 'renew' | 'reject'>,
  message: QueueMessage,
): DeliveredMessage {
  const { id, body, attempt, sentAt } = message
  return {
    id,
    body,
    attempt,
    sentAt,
    ack: () => queue.ack(message),
    retry: ({ delayMs }) => queue.retry(message, { delayMs }),
    ...(queue.info.features.renew ? { renew: (leaseMs: number) => queue.renew(message, leaseMs) } : {}),
    ...(queue.info.features.deadLetter ? { reject: () => queue.reject(message) } : {}),
  }
}
