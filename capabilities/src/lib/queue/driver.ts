/** What a provider supplies to be a queue. Bodies are JSON text; arguments arrive checked. */
import type { QueueCapabilityInfo } from '../guarantees/info.ts'
import type { Awaitable, DriverCall } from '../kv/driver.ts'

export interface StoredMessage {
  readonly id: string
  readonly body: string
  readonly attempt: number
  /** Milliseconds since the epoch. */
  readonly sentAt: number
  readonly receipt: string
}

export interface StoredDeadLetter extends StoredMessage {
  /** Milliseconds since the epoch; `null` when it was not recorded. */
  readonly deadAt: number | null
  readonly error: string | null
}

/** A call that gives a message back or sets it aside. */
export interface SettleCall extends DriverCall {
  /** Why the delivery failed, to keep with a dead letter. */
  readonly error?: string
}

export interface QueueDriver {
  readonly info: QueueCapabilityInfo
  /** Stores all or none; at most `limits.maxBatchMessages`. Resolves their ids in order. */
  send(bodies: readonly string[], delayMs: number, call: DriverCall): Awaitable<readonly string[]>
  receive(limit: number, leaseMs: number, call: DriverCall): Awaitable<readonly StoredMessage[]>
  /** `false` when the receipt is no longer the live one. */
  ack(id: string, receipt: string, call: DriverCall): Awaitable<boolean>
  retry(id: string, receipt: string, delayMs: number, call: SettleCall): Awaitable<boolean>
  /** Only with `features.renew`. Moves the lease's end; `false` when the receipt is no longer the live one. */
  renew?(id: string, receipt: string, leaseMs: number, call: DriverCall): Awaitable<boolean>
  /** Only with `features.deadLetter`. `false` when the receipt is no longer the live one. */
  reject?(id: string, receipt: string, call: SettleCall): Awaitable<boolean>
  /** Only with `features.deadLetter`. */
  deadLetters?(limit: number, call: DriverCall): Awaitable<readonly StoredMessage[]>
  /** Only with `features.redrive`. In the order of sending, after the letter with the id `after`. */
  listDeadLetters?(
    limit: number,
    after: string | undefined,
    call: DriverCall,
  ): Awaitable<readonly StoredDeadLetter[]>
  /** Only with `features.redrive`. `null` moves all, in one step. Returns how many it moved. */
  redrive?(ids: readonly string[] | null, call: DriverCall): Awaitable<number>
  check?(call: DriverCall): Awaitable<void>
  close?(): Awaitable<void>
}
