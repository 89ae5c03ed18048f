/** `deliverMessage` runs a queue's flow with one message, and settles the message by how the run ends. */
import { type Awaitable, type Clock, type Logger, silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { describeThrown, RunError } from '../runtime/errors.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { QueueTrigger } from '../trigger.ts'
import type { QueueConsumer } from './consumers.ts'
import { decide, type Decision } from './decision.ts'
import { keepLease } from './keep-lease.ts'
import { runDelivered } from './run.ts'

/** A message as a host hands it over. `ack`, `retry` and `reject` may resolve `false`: somebody else has it by now. */
export interface DeliveredMessage {
  readonly id: string
  readonly body: unknown
  /** 1 for the first delivery. */
  readonly attempt: number
  readonly sentAt: Date
  ack(): Awaitable<unknown>
  /** Gives it back, to come again after `delayMs` at the earliest; past the queue's attempts it is set aside. */
  retry(options: { readonly delayMs: number; readonly error?: Error }): Awaitable<unknown>
  /** Sets it aside at once. Absent where the host cannot; then `retry` is called until the queue does it. */
  reject?(options?: { readonly error: Error }): Awaitable<unknown>
  /** Extends the lease from now; `false` when somebody else has it by now. Absent where the host cannot. */
  renew?(leaseMs: number): Awaitable<boolean>
}

export interface DeliverOptions {
  /** Failures go here. Default: nothing is logged. */
  readonly log?: Logger
  /** A number in [0, 1), for the jitter of pauses. Default `Math.random`. */
  readonly random?: () => number
  /** Milliseconds a delivery may work, where the trigger does not say. Default 30 000. */
  readonly deadlineMs?: number
  /** The message's lease in milliseconds: renewed while the run works, where the message can. Default: never renewed. */
  readonly leaseMs?: number
  /** Decides when to renew. Default the system clock. */
  readonly clock?: Clock
  /** Longest pause the queue takes, in milliseconds. Default an hour. */
  readonly maxDelayMs?: number
  /** Told of work that goes on after the message is settled: what a node still does past its deadline. */
  readonly waitUntil?: (work: Promise<unknown>) => void
}

/**
 * How a delivery ended.
 * `done`: worked on and acked. `retried`: failed, comes again after `delayMs`. `rejected`: set aside.
 * `returned`: the host is closing; comes again at once. `unsettled`: its lease had ended, or telling the queue failed, so
 * it comes again by itself.
 */
export type Delivery =
  | { readonly outcome: 'done' }
  | { readonly outcome: 'retried'; readonly delayMs: number; readonly error: Error }
  | { readonly outcome: 'rejected' | 'returned'; readonly error: Error }
  | { readonly outcome: 'unsettled'; readonly error: Error }

/** Delivers one message. Never rejects. */
export async function deliverMessage(
  runtime: Runtime,
  { flow, trigger }: QueueConsumer,
  message: DeliveredMessage,
  options: DeliverOptions = {},
): Promise<Delivery> {
  const { log = silentLogger, leaseMs, clock = systemClock } = options
  const facts = { flow: flow.name, queue: trigger.queue, messageId: message.id, attempt: message.attempt }
  const renew = message.renew?.bind(message)
  const stopRenewing =
    leaseMs === undefined || renew === undefined
      ? undefined
      : keepLease(renew, { leaseMs, clock, log, facts })
  const error = await runDelivered(runtime, flow, message.body, {
    deadlineMs: trigger.deadlineMs ?? options.deadlineMs,
    metadata: () => messageMetadata(trigger, message),
    log: options.log,
    waitUntil: options.waitUntil,
  })
  stopRenewing?.()
  const decision = decide(error, runtime.closing, message, trigger, options)
  try {
    if ((await settle(message, decision)) === false) {
      const why = new Error('its lease had ended before it was settled')
      log.warn(facts, `a message of ${trigger.queue} took longer than its lease and is delivered again`)
      return { outcome: 'unsettled', error: error ?? why }
    }
  } catch (failure) {
    log.error({ ...facts, err: failure }, `a message could not be settled: ${describeThrown(failure)}`)
    return { outcome: 'unsettled', error: toError(failure) }
  }
  tell(log, facts, decision)
  return decision
}

function settle(message: DeliveredMessage, decision: Decision): Awaitable<unknown> {
  switch (decision.outcome) {
    case 'done':
      return message.ack()
    case 'rejected':
      return message.reject?.({ error: decision.error })
    case 'returned':
      return message.retry({ delayMs: 0 })
    case 'retried':
      return message.retry({ delayMs: decision.delayMs, error: decision.error })
  }
}

function tell(log: Logger, facts: Readonly<Record<string, unknown>>, decision: Decision): void {
  switch (decision.outcome) {
    case 'done':
      return
    case 'returned':
      return log.info(facts, 'a message was given back: the host is closing')
    case 'rejected': {
      const { error } = decision
      const text = `a message was set aside: ${describeThrown(error)}`
      // A message that does not fit is its sender's mistake.
      const isMisfit = error instanceof RunError && error.failure === 'InvalidInput'
      return isMisfit ? log.warn({ ...facts, err: error }, text) : log.error({ ...facts, err: error }, text)
    }
    case 'retried': {
      const { error, delayMs } = decision
      return log.warn(
        { ...facts, err: error, delayMs },
        `a message failed and comes again: ${describeThrown(error)}`,
      )
    }
  }
}

function messageMetadata({ queue }: QueueTrigger, { id, attempt, sentAt }: DeliveredMessage) {
  return {
    'queue.name': queue,
    'queue.message_id': id,
    'queue.attempt': attempt,
    'queue.sent_at': sentAt.toISOString(),
  }
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(describeThrown(thrown), { cause: thrown })
}
