/** The queue contract: publishing and consuming messages. `queueConformance` tests its promises. */
import type { QueueCapabilityInfo } from '../guarantees/info.ts'
import type { CallOptions } from '../kv/contract.ts'

export interface SendOptions extends CallOptions {
  /** Milliseconds before the message can be received. Default 0. */
  readonly delayMs?: number
}

export interface RetryMessageOptions extends SendOptions {
  /** Why the delivery failed. Stored with a dead letter, up to 1000 characters. Default: no error is stored. */
  readonly error?: string
}

export interface RejectMessageOptions extends CallOptions {
  /** See `error` of `RetryMessageOptions`. */
  readonly error?: string
}

/** A message in the dead-letter queue, for operators. */
export interface DeadLetter {
  readonly id: string
  readonly body: unknown
  /** Bytes of the body as JSON. */
  readonly bytes: number
  /** Number of deliveries before it became a dead letter. */
  readonly attempt: number
  readonly sentAt: Date
  /** When it became a dead letter; `null` when the version that moved it did not record the time. */
  readonly deadAt: Date | null
  /** The `error` of its last `retry` or `reject`; `null` without one, for example after an expired lease. */
  readonly error: string | null
}

export interface ListDeadLettersOptions extends CallOptions {
  /** Most dead letters on the page. Default 100. */
  readonly limit?: number
  /** The `cursor` of the previous page. Default: the first page. */
  readonly cursor?: string
}

export interface DeadLetterPage {
  /** Dead letters in the order of sending. */
  readonly letters: readonly DeadLetter[]
  /** `null` on the last page. */
  readonly cursor: string | null
}

export interface RedriveOptions extends CallOptions {
  /** Ids of the dead letters to move; unknown ids are ignored. `'all'` moves every current dead letter. */
  readonly ids: readonly string[] | 'all'
}

export interface ReceiveOptions extends CallOptions {
  /** Most messages to take. Default 1. */
  readonly limit?: number
  /** Milliseconds until a message that was neither acked nor retried is delivered again. Default 30 000. */
  readonly leaseMs?: number
}

export interface QueueMessage {
  readonly id: string
  /** A copy of the JSON value that was sent. */
  readonly body: unknown
  /** 1 for the first delivery. */
  readonly attempt: number
  readonly sentAt: Date
  /** Identifies this delivery; each delivery of a message has another receipt. */
  readonly receipt: string
}

/** Publishing side, for nodes with `uses: { queue: 'publish' }`. */
export interface QueuePublisher {
  readonly info: QueueCapabilityInfo
  /** Resolves once the message is stored. `body` is any JSON value. */
  send(body: unknown, options?: SendOptions): Promise<{ readonly id: string }>
  /** Sends the messages in order; all or none if the store supports it. */
  sendBatch(bodies: readonly unknown[], options?: SendOptions): Promise<readonly { readonly id: string }[]>
}

/** Consuming side, for nodes with `uses: { queue: 'consume' }`. */
export interface QueueConsumer {
  readonly info: QueueCapabilityInfo
  /** Leases the messages that are ready now, oldest first. Resolves an empty array when no message is ready. */
  receive(options?: ReceiveOptions): Promise<readonly QueueMessage[]>
  /** Removes the message. Resolves `false` when the lease expired and another receiver got the message. */
  ack(message: QueueMessage, options?: CallOptions): Promise<boolean>
  /** Returns the message to the queue after `delayMs`, or moves it to the dead letters after the store's last attempt. */
  retry(message: QueueMessage, options?: RetryMessageOptions): Promise<boolean>
  /**
   * Extends the message's lease to `leaseMs` milliseconds from now. Resolves `false` and changes nothing when the message
   * was settled or another receiver got it. `Unsupported` without `features.renew`.
   */
  renew(message: QueueMessage, leaseMs: number, options?: CallOptions): Promise<boolean>
  /**
   * Moves the message to the dead letters immediately, regardless of its attempts. Resolves `false` when the lease expired
   * and another receiver got the message. `Unsupported` without `features.deadLetter`.
   */
  reject(message: QueueMessage, options?: RejectMessageOptions): Promise<boolean>
  /** Resolves dead letters, oldest first. `Unsupported` without `features.deadLetter`. */
  deadLetters(options?: { readonly limit?: number } & CallOptions): Promise<readonly QueueMessage[]>
  /** Resolves one page of dead letters with their times and errors. `Unsupported` without `features.redrive`. */
  listDeadLetters(options?: ListDeadLettersOptions): Promise<DeadLetterPage>
  /**
   * Moves dead letters back to the queue: they are ready immediately, keep their ids, and their attempts start again.
   * Resolves how many this call moved; concurrent calls never count a letter twice. `Unsupported` without `features.redrive`.
   */
  redrive(options: RedriveOptions): Promise<{ readonly moved: number }>
}

export interface Queue extends QueuePublisher, QueueConsumer {
  readonly info: QueueCapabilityInfo
}
