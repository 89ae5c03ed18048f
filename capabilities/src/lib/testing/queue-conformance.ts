/** The conformance suite of queues: every promise of the contract, and every claim of `info`, as a case. */
import type { Awaitable } from '../kv/driver.ts'
import type { Queue } from '../queue/contract.ts'
import { controlOf } from '../resource/resource.ts'
import {
  type ConformanceGroup,
  type HarnessOptions,
  type OpenContext,
  openSubject,
  register,
} from './conformance.ts'
import type { ManualClock } from './manual-clock.ts'
import { applied } from './queue/applied.ts'
import { calls } from './queue/calls.ts'
import { deadLetters } from './queue/dead-letters.ts'
import { guarantees } from './queue/guarantees.ts'
import { leases } from './queue/leases.ts'
import { redrive } from './queue/redrive.ts'
import { receiving } from './queue/receiving.ts'
import { sending } from './queue/sending.ts'
import type { QueueSubject } from './queue/subject.ts'

export interface OpenedQueue {
  readonly queue: Queue
  /** Called after the case. Default: closes `queue`. */
  readonly close?: () => Awaitable<void>
  /** Closes the queue and opens it again with what it kept. Proves `durability: 'durable'`. */
  readonly reopen?: () => Awaitable<Queue>
}

export interface QueueHarness extends HarnessOptions {
  /** Opens an empty queue; called once for each case. */
  readonly open: (context: OpenContext) => Awaitable<OpenedQueue>
  /** Deliveries after which the queue sets a message aside. Default 5. */
  readonly maxAttempts?: number
}

/** Every case, by theme. */
export const queueCases: readonly ConformanceGroup<QueueSubject>[] = [
  sending,
  receiving,
  leases,
  deadLetters,
  redrive,
  calls,
  applied,
  guarantees,
]

/** Runs the suite on the queues the harness opens. */
export function queueConformance(name: string, harness: QueueHarness): void {
  register(name, queueCases, harness, (clock) => openQueueSubject(harness, clock))
}

/** A queue as the cases take it. */
export async function openQueueSubject(
  harness: QueueHarness,
  clock: ManualClock,
): Promise<{ subject: QueueSubject; close: () => Promise<void> }> {
  const opened = await harness.open({ clock })
  let { queue } = opened
  const { info } = queue
  const { reopen } = opened
  const subject: QueueSubject = {
    ...openSubject(harness, clock, 'strong'),
    queue,
    info,
    maxAttempts: harness.maxAttempts ?? 5,
    shortMs: harness.clock === 'manual' ? 10_000 : 500,
    reopen:
      reopen === undefined
        ? null
        : async () => {
            queue = await reopen()
            return queue
          },
  }
  return {
    subject,
    close: async () => {
      await (opened.close === undefined ? controlOf('queue', queue).close() : opened.close())
    },
  }
}
