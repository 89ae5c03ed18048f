/** What every handler gets beside its input: facts of its run, its idempotency key, the resources it declared. */
import type { Awaitable, Logger } from '@flowport/capabilities'
import type { Resources } from './uses.ts'

/** Facts about the run that nodes may read. Never credentials: authorization and cookies are left out. */
export type Metadata = Readonly<Record<string, unknown>>

/** What every handler gets beside its declared resources. */
export interface RunContext {
  /** Fires when the caller goes away, the deadline passes, another node fails or the lease of the node's key is lost. */
  readonly signal: AbortSignal
  readonly log: Logger
  /** `flow.id`, `flow.name`, `flow.run_id`, `http.method`, `http.route`, …, and what hooks added. */
  readonly metadata: Metadata
  /** When an answer stops being of use, in milliseconds since the epoch; `undefined` for never. */
  readonly deadline: number | undefined
  /** The id of the last event that a client has, when it reads a stream of events again (`Last-Event-ID`). */
  readonly lastEventId: string | undefined
  /** The idempotency key of this node's execution, stable over retries; hand it to what it calls. */
  readonly idempotencyKey: string | undefined
  /**
   * Grows with every holder of the idempotency key: give it to a sink that can refuse a smaller one. `undefined` for a node
   * without keys. When the holder loses its lease, `signal` fires with `IDEM_LEASE_LOST` and its writes are refused.
   */
  readonly fencingToken: number | undefined
  /**
   * Makes an effect that is not a write through the node's resources, such as a call of a gateway, and returns its result.
   * In a node with a key it first checks the lease, and with `begins: 'effect'` records in the ledger that an effect begins;
   * an error of either leaves `make` uncalled. In a node without a key it only calls `make`.
   */
  readonly effect: <T>(make: () => Awaitable<T>) => Promise<T>
}

export type NodeContext<U> = Resources<U> & RunContext
