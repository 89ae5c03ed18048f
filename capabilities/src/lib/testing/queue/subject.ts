/** What each queue case is given. */
import { expect } from 'vitest'
import type { QueueCapabilityInfo } from '../../guarantees/info.ts'
import type { Queue, QueueMessage, ReceiveOptions } from '../../queue/contract.ts'
import type { Subject } from '../conformance.ts'

export interface QueueSubject extends Subject {
  /** An empty queue. */
  readonly queue: Queue
  readonly info: QueueCapabilityInfo
  /** Deliveries after which a message is set aside. */
  readonly maxAttempts: number
  /** Closes the queue and opens what it kept, where the harness can. */
  readonly reopen: (() => Promise<Queue>) | null
  /** A lease or delay that is short enough to wait for: milliseconds. */
  readonly shortMs: number
}

/** Takes messages until there are none. */
export async function receiveAll(queue: Queue, options: ReceiveOptions = {}): Promise<QueueMessage[]> {
  const taken: QueueMessage[] = []
  for (;;) {
    const messages = await queue.receive(options)
    if (messages.length === 0) return taken
    taken.push(...messages)
    if (taken.length > 10_000) return expect.fail('the queue never ends')
  }
}

/** The one message that is ready. */
export async function receiveOne(queue: Queue, options: ReceiveOptions = {}): Promise<QueueMessage> {
  const [message, ...more] = await queue.receive(options)
  if (message === undefined || more.length > 0) return expect.fail('expected one message')
  return message
}

/** Bodies in the order they came, or sorted where the queue promises no order. */
export function bodiesOf({ info }: QueueSubject, messages: readonly QueueMessage[]): readonly unknown[] {
  const bodies = messages.map(({ body }) => body)
  return info.ordering === 'ordered' ? bodies : bodies.toSorted((a, b) => Number(a) - Number(b))
}

/** Skips when the queue may lose what it has handed out. */
export function needsRedelivery({ info }: QueueSubject): string | null {
  const kept = info.delivery === 'at_least_once' || info.delivery === 'exactly_once'
  return kept ? null : `${info.provider} states delivery: ${info.delivery}`
}

/** Skips when the queue promises no order. */
export function needsOrder({ info }: QueueSubject): string | null {
  return info.ordering === 'ordered' ? null : `${info.provider} states ordering: ${info.ordering}`
}

/** Skips when the queue sets nothing aside. */
export function needsDeadLetters({ info }: QueueSubject): string | null {
  return info.features.deadLetter ? null : `${info.provider} states features.deadLetter: false`
}

/** Skips when leases cannot be extended. */
export function needsRenew({ info }: QueueSubject): string | null {
  return info.features.renew ? null : `${info.provider} states features.renew: false`
}

/** Skips when delays are not possible. */
export function needsDelay({ info, shortMs }: QueueSubject): string | null {
  return info.limits.maxDelayMs >= shortMs
    ? null
    : `${info.provider} states maxDelayMs: ${info.limits.maxDelayMs}`
}

/** Skips when the case would have to wait for real, and longer than the harness permits. */
export function needsToWait({ clock, maxTtlWaitMs, shortMs }: QueueSubject): string | null {
  if (clock !== null || shortMs * 2 <= maxTtlWaitMs) return null
  return `needs ${shortMs * 2} ms of real time, maxTtlWaitMs is ${maxTtlWaitMs}`
}

/** Skips when the exact moment matters and the clock is real. */
export function needsManualClock({ clock }: QueueSubject): string | null {
  return clock === null ? 'the exact moment can only be met on a manual clock' : null
}

/** Skips unless all apply; the first reason counts. */
export function allOf(
  ...conditions: readonly ((subject: QueueSubject) => string | null)[]
): (subject: QueueSubject) => string | null {
  return (subject) =>
    conditions.reduce<string | null>((reason, condition) => reason ?? condition(subject), null)
}
