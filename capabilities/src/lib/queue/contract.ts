/** The queue contract: publishing and consuming messages. Its promises are the cases of `queueConformance`. */
import type { QueueCapabilityInfo } from '../guarantees/info.ts'
import type { CallOptions } from '../kv/contract.ts'

export interface SendOptions extends CallOptions {
  /** Milliseconds before the message can be received. Default 0. */
  readonly delayMs?: number
}

export interface ReceiveOptions extends CallOptions {
  /** Most messages to take. Default 1. */
  readonly limit?: number
  /** Milliseconds until a message that is neither acked nor retried comes back. Default 30 000. */
  readonly leaseMs?: number
}

export interface QueueMessage {
  readonly id: string
  /** A copy of the JSON value that was sent. */
  readonly body: unknown
  /** 1 for the first delivery. */
  readonly attempt: number
  readonly sentAt: Date
  /** Names this delivery; a later delivery of the same message has another. */
  readonly receipt: string
}

/** Publishing side: what a node gets for `uses: { queue: 'publish' }`. */
export interface QueuePublisher {
  readonly info: QueueCapabilityInfo
  /** Resolves once the message is stored. `body` is any JSON value. */
  send(body: unknown, options?: SendOptions): Promise<{ readonly id: string }>
  /** All or none where the store can; in order. */
  sendBatch(bodies: readonly unknown[], options?: SendOptions): Promise<readonly { readonly id: string }[]>
}

/** Consuming side: what a node gets for `uses: { queue: 'consume' }`. */
export interface QueueConsumer {
  readonly info: QueueCapabilityInfo
  /** Takes what is ready now, oldest first; an empty array when nothing is. */
  receive(options?: ReceiveOptions): Promise<readonly QueueMessage[]>
  /** Removes the message. Resolves `false` when the lease had ended and it went to another receiver. */
  ack(message: QueueMessage, options?: CallOptions): Promise<boolean>
  /** Gives the message back, after `delayMs`; past the store's attempts it goes to the dead letters. */
  retry(message: QueueMessage, options?: SendOptions): Promise<boolean>
  /**
   * Extends the message's lease: it ends `leaseMs` milliseconds from now. Resolves `false`, changing nothing, when the
   * message was settled or went to another receiver. `Unsupported` without `features.renew`.
   */
  renew(message: QueueMessage, leaseMs: number, options?: CallOptions): Promise<boolean>
  /**
   * Sets the message aside with the dead letters at once, whatever its attempts. Resolves `false` when the lease had ended
   * and it went to another receiver. `Unsupported` without `features.deadLetter`.
   */
  reject(message: QueueMessage, options?: CallOptions): Promise<boolean>
  /** Messages set aside after too many attempts, oldest first. `Unsupported` without `features.deadLetter`. */
  deadLetters(options?: { readonly limit?: number } & CallOptions): Promise<readonly QueueMessage[]>
}

export interface Queue extends QueuePublisher, QueueConsumer {
  readonly info: QueueCapabilityInfo
}
