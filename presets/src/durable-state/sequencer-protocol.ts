/** What a `Sequencer` answers over RPC. Events are JSON text; names begin with `sequence`. */
import type { Outcome } from '../cloudflare/durable/outcome.ts'

export interface Enqueued {
  readonly id: string
  /** `false` when an event of this id was accepted before: it is not queued again. */
  readonly accepted: boolean
}

export interface SequencerStatus {
  /** Events that wait, the one being handled included. */
  readonly pending: number
  /** Events set aside. */
  readonly dead: number
  /** The event that is handled next or just now, or `null`. */
  readonly head: {
    readonly id: string
    /** Attempts begun so far. */
    readonly attempts: number
    /** Milliseconds since the epoch before which it is not tried again. */
    readonly notBefore: number
  } | null
}

/** An event that failed too often, as it is stored. */
export interface StoredDeadEvent {
  readonly id: string
  readonly event: string
  readonly attempts: number
  /** Message of the last error. */
  readonly error: string
}

export interface SequencerCalls {
  sequenceEnqueue(id: string, event: string): Promise<Outcome<Enqueued>>
  sequenceStatus(): Promise<Outcome<SequencerStatus>>
  sequenceDead(limit: number): Promise<Outcome<readonly StoredDeadEvent[]>>
  sequenceRedrive(id: string): Promise<Outcome<boolean>>
}

/** An event that failed too often. */
export interface DeadEvent<E = unknown> {
  readonly id: string
  readonly event: E
  readonly attempts: number
  /** Message of the last error. */
  readonly error: string
}
