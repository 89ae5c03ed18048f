/** The queue contract: publishing and consuming messages. Its promises are the cases of `queueConformance`. */
import type { QueueCapabilityInfo } from '../guarantees/info.ts'
import type { CallOptions } from '../kv/contract.ts'

export interface SendOptions extends CallOptions {
  /** Milliseconds before the message can be received. Default 0. */
  readonly delayMs?: number
}

export interface RetryMessageOptions extends SendOptions {
  /** Why the delivery failed: kept with a dead letter, up to 1000 characters. Default: nothing is kept. */
  readonly error?: string
}

export interface RejectMessageOptions extends CallOptions {
  /** As `error` of `retry`. */
  readonly error?: string
}

/** A message that was set aside, as operators see it. */
export interface DeadLetter {
  readonly id: string
  readonly body: unknown
  /** Bytes of the body as JSON. */
  readonly bytes: number
  /** Deliveries before it was set aside. */
  readonly attempt: number
  readonly sentAt: Date
  /** When it was set aside; `null` for a message set aside by a version that did not record it. */
  readonly deadAt: Date | null
  /** The `error` of its last `retry` or `reject`; `null` when none was given, as after a lease that ended. */
  readonly error: string | null
}

export interface ListDeadLettersOptions extends CallOptions {
  /** Most letters of the page. Default 100. */
  readonly limit?: number
  /** The `cursor` of the page before. Default: the first page. */
  readonly cursor?: string
}

export interface DeadLetterPage {
  /** In the order of sending. */
  readonly letters: readonly DeadLetter[]
  /** `null` on the last page. */
  readonly cursor: string | null
}

export interface RedriveOptions extends CallOptions {
  /** The letters to move, by id; ids that are no dead letters are ignored. `'all'` moves every letter that is dead now. */
  readonly ids: readonly string[] | 'all'
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
  retry(message: QueueMessage, options?: RetryMessageOptions): Promise<boolean>
  /**
   * Extends the message's lease: it ends `leaseMs` milliseconds from now. Resolves `false`, changing nothing, when the
   * message was settled or went to another receiver. `Unsupported` without `features.renew`.
   */
  renew(message: QueueMessage, leaseMs: number, options?: CallOptions): Promise<boolean>
  /**
   * Sets the message aside with the dead letters at once, whatever its attempts. Resolves `false` when the lease had ended
   * and it went to another receiver. `Unsupported` without `features.deadLetter`.
   */
  reject(message: QueueMessage, options?: RejectMessageOptions): Promise<boolean>
  /** Messages set aside after too many attempts, oldest first. `Unsupported` without `features.deadLetter`. */
  deadLetters(options?: { readonly limit?: number } & CallOptions): Promise<readonly QueueMessage[]>
  /** Pages of dead letters with the time and error of each. `Unsupported` without `features.redrive`. */
  listDeadLetters(options?: ListDeadLettersOptions): Promise<DeadLetterPage>
  /**
   * Moves dead letters back: they are ready at once, keep their ids, and their attempts start again. Resolves how many
   * this call moved; calls at the same time never count a letter twice. `Unsupported` without `features.redrive`.
   */
  redrive(options: RedriveOptions): Promise<{ readonly moved: number }>
}

export interface Queue extends QueuePublisher, QueueConsumer {
  readonly info: QueueCapabilityInfo
}
