/** A queue driver in memory: for tests, local runs and single processes. Gone with the process. */
import type { Clock } from '../clock/contract.ts'
import type { Level } from '../guarantees/levels.ts'
import type { QueueCapabilityInfo } from '../guarantees/info.ts'
import { checkSize, utf8Length } from '../limits.ts'
import { checkLimits, checkNumbers, countRule, countOrInfinityRule } from '../numbers.ts'
import type { QueueDriver, SettleCall, StoredDeadLetter, StoredMessage } from '../queue/driver.ts'
import { systemClock } from '../system/clock.ts'
import type { SendWrite } from '../transaction/changes.ts'
import { Heap } from './heap.ts'
import { type MadeWrite, makeWrite, type MemoryStore } from './transaction.ts'

export interface MemoryQueueOptions<O extends Level<'ordering'> = Level<'ordering'>> {
  /** Decides what is ready and which lease has ended. Default the system clock. */
  readonly clock?: Clock
  /** Deliveries of one message before it goes to the dead letters. Default 5. */
  readonly maxAttempts?: number
  /** `'unordered'` hands out the newest first, so that tests notice code that relies on order. Default `'ordered'`. */
  readonly ordering?: O
  /** Most dead letters to keep; the oldest go first. Default 10 000. */
  readonly maxDeadLetters?: number
  /** Limits to state and enforce instead of the defaults. */
  readonly limits?: Partial<QueueCapabilityInfo['limits']>
  /** States `info.transaction`: a ledger in memory that was given the same text commits messages to it. Default: none. */
  readonly transaction?: string
}

/** What `memoryQueueDriver` states of itself, but for its limits. */
export type MemoryQueueInfo<O extends Level<'ordering'> = 'ordered'> = QueueCapabilityInfo & {
  readonly provider: 'memory'
  readonly delivery: 'at_least_once'
  readonly ordering: O
  readonly durability: 'ephemeral'
  readonly features: { readonly deadLetter: true; readonly renew: true; readonly redrive: true }
}

export const memoryQueueLimits: QueueCapabilityInfo['limits'] = {
  maxMessageBytes: 256 * 1024,
  maxBatchMessages: 100,
  maxDelayMs: 7 * 24 * 3_600_000,
}

/** A queue in memory. Every method is synchronous, so every step is atomic. */
export function memoryQueueDriver<const O extends Level<'ordering'> = 'ordered'>(
  options: MemoryQueueOptions<O> = {},
): QueueDriver & { readonly info: MemoryQueueInfo<O> } {
  return new MemoryQueueDriver<O>(options)
}

interface Message {
  /** Place in the order of sending. */
  readonly number: number
  readonly id: string
  readonly body: string
  readonly sentAt: number
  attempt: number
  /** Names the last delivery; `''` before the first and once it was given back. */
  receipt: string
  /** When it becomes ready again, on the clock's monotonic scale; `undefined` while it is ready. */
  readyAt: number | undefined
  /** Of the last delivery that failed. */
  error: string | null
  /** Milliseconds since the epoch; `null` while it is not set aside. */
  deadAt: number | null
}

type Settled = Pick<SettleCall, 'error'>

/** A moment at which a message may become ready; stale once the message has another. */
interface Wake {
  readonly at: number
  readonly message: Message
}

class MemoryQueueDriver<O extends Level<'ordering'>> implements QueueDriver, MemoryStore<SendWrite> {
  readonly info: MemoryQueueInfo<O>
  readonly #clock: Clock
  readonly #maxAttempts: number
  readonly #maxDeadLetters: number
  readonly #messages = new Map<string, Message>()
  /** May hold messages that have gone or are leased: whoever takes one out looks. */
  readonly #ready: Heap<Message>
  readonly #wakes = new Heap<Wake>(
    (a, b) => a.at < b.at || (a.at === b.at && a.message.number < b.message.number),
  )
  #dead: Message[] = []
  #sent = 0

  constructor({
    clock = systemClock,
    maxAttempts = 5,
    ordering = 'ordered' as O,
    maxDeadLetters = 10_000,
    limits = {},
    transaction,
  }: MemoryQueueOptions<O>) {
    const numbers = { maxAttempts, maxDeadLetters }
    checkNumbers('memoryQueueDriver', numbers, {
      maxAttempts: countRule(),
      maxDeadLetters: countOrInfinityRule(0),
    })
    checkLimits('memoryQueueDriver', limits)
    this.#clock = clock
    this.#maxAttempts = maxAttempts
    this.#maxDeadLetters = maxDeadLetters
    this.#ready = new Heap(
      ordering === 'ordered' ? (a, b) => a.number < b.number : (a, b) => a.number > b.number,
    )
    this.info = {
      provider: 'memory',
      delivery: 'at_least_once',
      ordering,
      durability: 'ephemeral',
      limits: { ...memoryQueueLimits, ...limits },
      features: { deadLetter: true, renew: true, redrive: true },
      ...(transaction === undefined ? {} : { transaction }),
      extensions: {},
    }
  }

  send(bodies: readonly string[], delayMs: number): readonly string[] {
    const { maxMessageBytes, maxBatchMessages } = this.info.limits
    const where = { capability: 'queue', operation: 'send' }
    checkSize(bodies.length, maxBatchMessages, 'batch', where)
    for (const body of bodies) checkSize(utf8Length(body), maxMessageBytes, 'message', where)
    return bodies.map((body) => this.#add(body, delayMs))
  }

  [makeWrite]({ bodies, delayMs }: SendWrite): MadeWrite {
    const ids = this.send(bodies, delayMs)
    const undo = () => {
      for (const id of ids) this.#messages.delete(id)
    }
    return { undo, ids }
  }

  receive(limit: number, leaseMs: number): readonly StoredMessage[] {
    const now = this.#clock.monotonic()
    this.#wake(now)
    const taken: StoredMessage[] = []
    while (taken.length < limit) {
      const message = this.#ready.pop()
      if (message === undefined) break
      if (message.readyAt !== undefined || this.#messages.get(message.id) !== message) continue
      message.attempt += 1
      message.receipt = `${message.id}.${message.attempt}`
      this.#sleep(message, now + leaseMs)
      taken.push(stored(message))
    }
    return taken
  }

  ack(id: string, receipt: string): boolean {
    return this.#leased(id, receipt) !== undefined && this.#messages.delete(id)
  }

  retry(id: string, receipt: string, delayMs: number, { error }: Settled = {}): boolean {
    const message = this.#leased(id, receipt)
    if (message === undefined) return false
    message.receipt = ''
    message.error = error ?? null
    if (message.attempt >= this.#maxAttempts) this.#bury(message)
    else this.#offer(message, delayMs)
    return true
  }

  renew(id: string, receipt: string, leaseMs: number): boolean {
    const message = this.#leased(id, receipt)
    if (message === undefined) return false
    this.#sleep(message, this.#clock.monotonic() + leaseMs)
    return true
  }

  reject(id: string, receipt: string, { error }: Settled = {}): boolean {
    const message = this.#leased(id, receipt)
    if (message === undefined) return false
    message.receipt = ''
    message.error = error ?? null
    this.#bury(message)
    return true
  }

  deadLetters(limit: number): readonly StoredMessage[] {
    this.#wake(this.#clock.monotonic())
    return this.#dead.slice(0, limit).map(stored)
  }

  listDeadLetters(limit: number, after?: string): readonly StoredDeadLetter[] {
    this.#wake(this.#clock.monotonic())
    return this.#dead
      .filter(({ number }) => after === undefined || number > Number(after))
      .toSorted((a, b) => a.number - b.number)
      .slice(0, limit)
      .map((message) => ({ ...stored(message), deadAt: message.deadAt, error: message.error }))
  }

  redrive(ids: readonly string[] | null): number {
    this.#wake(this.#clock.monotonic())
    const wanted = ids === null ? null : new Set(ids)
    const isMoved = ({ id }: Message) => wanted === null || wanted.has(id)
    const moved = this.#dead.filter(isMoved)
    this.#dead = this.#dead.filter((message) => !isMoved(message))
    for (const message of moved) {
      Object.assign(message, { attempt: 0, error: null, deadAt: null })
      this.#messages.set(message.id, message)
      this.#offer(message, 0)
    }
    return moved.length
  }

  #add(body: string, delayMs: number): string {
    this.#sent += 1
    const message: Message = {
      number: this.#sent,
      id: String(this.#sent),
      body,
      sentAt: this.#clock.now(),
      attempt: 0,
      receipt: '',
      readyAt: undefined,
      error: null,
      deadAt: null,
    }
    this.#messages.set(message.id, message)
    this.#offer(message, delayMs)
    return message.id
  }

  /** The message, if this receipt is its last delivery: also after the lease, as long as nobody else has taken it. */
  #leased(id: string, receipt: string): Message | undefined {
    const message = this.#messages.get(id)
    return message !== undefined && receipt !== '' && message.receipt === receipt ? message : undefined
  }

  #offer(message: Message, delayMs: number): void {
    message.readyAt = undefined
    if (delayMs > 0) this.#sleep(message, this.#clock.monotonic() + delayMs)
    else this.#ready.push(message)
  }

  #sleep(message: Message, at: number): void {
    message.readyAt = at
    this.#wakes.push({ at, message })
    // Messages that were acked leave their wake behind until it is due; more of these than live ones are cleared away.
    if (this.#wakes.size > 64 + 2 * this.#messages.size) this.#wakes.retain((wake) => this.#isCurrent(wake))
  }

  /** Makes ready what is due; what had its last attempt goes to the dead letters. */
  #wake(now: number): void {
    for (let wake = this.#wakes.peek(); wake !== undefined && wake.at <= now; wake = this.#wakes.peek()) {
      this.#wakes.pop()
      if (!this.#isCurrent(wake)) continue
      if (wake.message.attempt >= this.#maxAttempts) this.#bury(wake.message)
      else this.#offer(wake.message, 0)
    }
  }

  #isCurrent({ at, message }: Wake): boolean {
    return message.readyAt === at && this.#messages.get(message.id) === message
  }

  #bury(message: Message): void {
    this.#messages.delete(message.id)
    message.deadAt = this.#clock.now()
    this.#dead.push(message)
    if (this.#dead.length > this.#maxDeadLetters) this.#dead.shift()
  }
}

function stored({ id, body, attempt, sentAt, receipt }: Message): StoredMessage {
  return { id, body, attempt, sentAt, receipt }
}
