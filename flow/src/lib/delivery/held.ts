/** A message taken from a `Queue`, as deliveries settle it: for hosts that take messages themselves. */
import type { Queue, QueueMessage } from '@flowport/capabilities'
import { describeThrown } from '../runtime/errors.ts'
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
    retry: ({ delayMs, error }) => queue.retry(message, { delayMs, ...errorText(error) }),
    ...(queue.info.features.renew ? { renew: (leaseMs: number) => queue.renew(message, leaseMs) } : {}),
    ...(queue.info.features.deadLetter
      ? { reject: (options?: { readonly error: Error }) => queue.reject(message, errorText(options?.error)) }
      : {}),
  }
}

/** The text of the error that is stored with a dead letter, for operators. */
function errorText(error: Error | undefined): { readonly error?: string } {
  return error === undefined ? {} : { error: describeThrown(error) }
}
