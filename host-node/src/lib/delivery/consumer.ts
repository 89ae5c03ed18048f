/** Receives messages of one queue, up to the trigger's concurrency, and delivers each. The next stop is `deliverMessage`. */
import { type Clock, type Logger, longestLifeMs, type Queue, type QueueMessage } from '@flowport/capabilities'
import type { Runtime } from '@flowport/flow'
import { deliverMessage, heldMessage, type QueueConsumer } from '@flowport/flow/delivery'
import type { DeliveryOptions } from './options.ts'
import { pause } from './pause.ts'

export interface ConsumerParts {
  readonly runtime: Runtime
  readonly consumer: QueueConsumer
  readonly queue: Queue
  readonly log: Logger
  readonly clock: Clock
  readonly options: DeliveryOptions
}

const firstIdleMs = 50
const longestOutageMs = 30_000

/** Consumes until the signal fires. Resolves when every received message is settled. */
export async function consume(parts: ConsumerParts, stopped: AbortSignal): Promise<void> {
  const { consumer, queue, log, clock, options, runtime } = parts
  const { deadlineMs = 30_000, leaseMarginMs = 10_000, renewedLeaseMs = 60_000, idleMs = 1_000 } = options
  const { trigger } = consumer
  const wholeMs = (trigger.deadlineMs ?? deadlineMs) + leaseMarginMs
  // A renewed lease can be short, so that messages of a dead process are soon delivered again.
  const wantedMs = queue.info.features.renew ? Math.min(wholeMs, renewedLeaseMs) : wholeMs
  const leaseMs = Math.min(wantedMs, queue.info.limits.maxLeaseMs ?? longestLifeMs, longestLifeMs)
  const places = new Places(Math.min(trigger.concurrency, queue.info.limits.maxBatchMessages))
  let pauseMs = firstIdleMs
  while (!stopped.aborted && !runtime.closing) {
    await places.free(stopped)
    if (stopped.aborted) break
    try {
      const messages = await queue.receive({ limit: places.left, leaseMs, signal: stopped })
      for (const message of messages) places.take(deliver(parts, message, leaseMs))
      if (messages.length > 0) {
        pauseMs = firstIdleMs
        continue
      }
      await pause(clock, pauseMs, stopped)
      pauseMs = Math.min(idleMs, pauseMs * 2)
    } catch (error) {
      if (stopped.aborted) break
      pauseMs = Math.min(longestOutageMs, Math.max(idleMs, pauseMs * 2))
      log.error({ err: error, queue: trigger.queue, pauseMs }, 'messages cannot be received from the queue')
      await pause(clock, pauseMs, stopped)
    }
  }
  await places.empty()
}

async function deliver(parts: ConsumerParts, message: QueueMessage, leaseMs: number): Promise<void> {
  const { runtime, consumer, queue, log, clock, options } = parts
  await deliverMessage(runtime, consumer, heldMessage(queue, message), {
    log,
    leaseMs,
    clock,
    maxDelayMs: queue.info.limits.maxDelayMs,
    ...(options.deadlineMs === undefined ? {} : { deadlineMs: options.deadlineMs }),
    ...(options.random === undefined ? {} : { random: options.random }),
  })
}

/** Counts the messages in progress, and lets the consumer wait for a free place. */
class Places {
  left: number
  readonly #all: number
  #changed: (() => void) | undefined

  constructor(all: number) {
    this.left = all
    this.#all = all
  }

  take(work: Promise<void>): void {
    this.left -= 1
    void work.finally(() => {
      this.left += 1
      this.#changed?.()
    })
  }

  /** Resolves when there is a free place, or the signal fires. */
  async free(signal: AbortSignal): Promise<void> {
    if (this.left > 0 || signal.aborted) return
    const wake = () => this.#changed?.()
    signal.addEventListener('abort', wake, { once: true })
    await this.#change()
    signal.removeEventListener('abort', wake)
  }

  async empty(): Promise<void> {
    while (this.left < this.#all) await this.#change()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = resolve
    })
  }
}
