/**
 * A Durable Object that handles the events of one key strictly one after another, in the order they were accepted. Every
 * attempt is made by the object's alarm, which the platform repeats when the object is lost in the middle of it.
 */
import { DurableObject } from 'cloudflare:workers'
import {
  CapabilityError,
  checkNumbers,
  countRule,
  lifeRule,
  timerRule,
  utf8Length,
  retryPause,
} from '@flowport/capabilities'
import type { ObjectState } from '../cloudflare/durable/object-state.ts'
import { type Outcome, outcomeOf } from '../cloudflare/durable/outcome.ts'
import { EventTable, type StoredEvent } from './event-table.ts'
import { durableStateLimits } from './limits.ts'
import type { Enqueued, SequencerCalls, SequencerStatus, StoredDeadEvent } from './sequencer-protocol.ts'

/** What `handle` is told of an event. */
export interface EventInfo {
  readonly id: string
  /** 1 for the first attempt. */
  readonly attempt: number
  /** Fires after `timeoutMs`. The next event waits until `handle` has ended all the same. */
  readonly signal: AbortSignal
}

export interface SequencerOptions {
  /** Attempts of one event before it is set aside and the next one has its turn. Default 10. */
  readonly maxAttempts?: number
  /** Milliseconds before the second attempt; twice as long before each one after. Default 1000. */
  readonly retryBaseMs?: number
  /** Longest wait between two attempts in milliseconds. Default 300 000. */
  readonly retryMaxMs?: number
  /** Milliseconds until the signal of an attempt fires. Default 60 000. The platform ends an alarm after 15 minutes. */
  readonly timeoutMs?: number
  /** Milliseconds the id of a handled event is known, so that it is not accepted again. Default 86 400 000, a day. */
  readonly rememberMs?: number
}

/** Milliseconds one alarm goes on to the next event: well below the 15 minutes it may take. */
const turnMs = 300_000

const maxErrorLength = 1000

/** Extend it with `handle`, and declare the class under `new_sqlite_classes`. `E` is a JSON value. */
export abstract class Sequencer<E = unknown> extends DurableObject implements SequencerCalls {
  readonly #state: ObjectState
  readonly #events: EventTable
  #isRunning = false

  constructor(ctx: ObjectState, env: unknown) {
    super(ctx, env)
    this.#state = ctx
    this.#events = new EventTable(ctx.storage)
    // An alarm the platform has given up on must not leave events behind.
    void ctx.blockConcurrencyWhile(() => this.#wake())
  }

  /**
   * Handles one event. The next waits until the promise is settled. When it rejects, the event is tried again after a
   * pause, and those behind it wait. An object may be lost after `handle` has ended and before that is stored: then the
   * event is handled once more, with the same id.
   */
  abstract handle(event: E, info: EventInfo): Promise<void>

  /** Read before each attempt. Default: the defaults of `SequencerOptions`. */
  options(): SequencerOptions {
    return {}
  }

  /** Milliseconds since the epoch; tests override it. */
  now(): number {
    return Date.now()
  }

  /** Accepts an event from the object's own code; callers elsewhere use `sequencer`. Without an id it has a new one. */
  async enqueue(event: E, { id = crypto.randomUUID() }: { readonly id?: string } = {}): Promise<Enqueued> {
    const text = JSON.stringify(event) as string | undefined
    if (text === undefined) throw new CapabilityError('InvalidInput', 'the event cannot be written as JSON')
    return this.#accept(id, text)
  }

  /** Called by the platform: handles what waits, in order, until nothing does or the next must wait. */
  async alarm(): Promise<void> {
    if (this.#isRunning) return
    this.#isRunning = true
    try {
      const end = Date.now() + turnMs
      for (let event = this.#events.head(); event !== null; event = this.#events.head()) {
        if (event.notBefore > this.now() || Date.now() > end) {
          await this.#state.storage.setAlarm(Date.now() + Math.max(0, event.notBefore - this.now()))
          return
        }
        await this.#attempt(event)
      }
    } finally {
      this.#isRunning = false
    }
  }

  sequenceEnqueue(id: string, event: string): Promise<Outcome<Enqueued>> {
    return outcomeOf(() => this.#accept(id, event))
  }

  sequenceStatus(): Promise<Outcome<SequencerStatus>> {
    return outcomeOf(() => this.#events.status())
  }

  sequenceDead(limit: number): Promise<Outcome<readonly StoredDeadEvent[]>> {
    return outcomeOf(() => this.#events.dead(limit))
  }

  sequenceRedrive(id: string): Promise<Outcome<boolean>> {
    return outcomeOf(async () => {
      const isBack = this.#events.redrive(id)
      if (isBack) await this.#wake()
      return isBack
    })
  }

  /** Stores the event before anything is awaited, so that calls are accepted in the order they arrive. */
  async #accept(id: string, text: string): Promise<Enqueued> {
    this.#checkedOptions()
    const { maxNameBytes, maxEntryBytes } = durableStateLimits
    if (id === '' || utf8Length(id) > maxNameBytes) {
      throw new CapabilityError('InvalidInput', `the id of an event has 1 to ${maxNameBytes} bytes`)
    }
    const bytes = utf8Length(id) + utf8Length(text)
    // The row also keeps the last error.
    const max = maxEntryBytes - 4 * maxErrorLength
    if (bytes > max) {
      throw new CapabilityError('LimitExceeded', `the event has ${bytes} bytes, the limit is ${max}`, {
        details: { limit: 'event', max },
      })
    }
    const accepted = this.#events.add(id, text)
    await this.#wake()
    return { id, accepted }
  }

  /** Sees to it that an alarm comes if an event waits and none is under way. */
  async #wake(): Promise<void> {
    const { storage } = this.#state
    if (this.#isRunning || this.#events.head() === null) return
    if ((await storage.getAlarm()) === null && !this.#isRunning) await storage.setAlarm(Date.now())
  }

  /** The caller of `enqueue` hears of bad options; so does the platform's log, should they go bad later. */
  #checkedOptions(): SequencerOptions {
    const options = this.options()
    checkNumbers('sequencer', { ...options }, numbers)
    return options
  }

  async #attempt(event: StoredEvent): Promise<void> {
    const {
      maxAttempts = 10,
      retryBaseMs = 1000,
      retryMaxMs = 300_000,
      timeoutMs = 60_000,
      rememberMs = 86_400_000,
    } = this.#checkedOptions()
    const attempt = event.attempts + 1
    // The attempts before ended with the object: nobody counted the last as a failure.
    if (attempt > maxAttempts) return this.#events.bury(event, 'the object was lost during the last attempt')
    this.#events.begin(event)
    const controller = new AbortController()
    const timer = setTimeout(() => controller.abort(tookTooLong(timeoutMs)), timeoutMs)
    try {
      await this.handle(JSON.parse(event.body) as E, { id: event.id, attempt, signal: controller.signal })
      this.#events.finish(event, this.now(), rememberMs)
    } catch (error) {
      const message = messageOf(error)
      if (attempt >= maxAttempts) this.#events.bury(event, message)
      else {
        // One event at a time waits: there is nobody to be kept apart from.
        const rule = { attempt, baseMs: retryBaseMs, maxMs: retryMaxMs, random: 1 }
        this.#events.postpone(event, this.now() + retryPause(rule), message)
      }
    } finally {
      clearTimeout(timer)
    }
  }
}

const numbers = {
  maxAttempts: countRule(),
  retryBaseMs: { ...lifeRule, isAbove: false },
  retryMaxMs: { ...lifeRule, isAbove: false },
  timeoutMs: timerRule(1),
  rememberMs: { ...lifeRule, isAbove: false },
}

function tookTooLong(timeoutMs: number): CapabilityError {
  return new CapabilityError('Timeout', `the event was not handled within ${timeoutMs} ms`)
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, maxErrorLength)
}
