/** One schedule's world: its scheduler, choices, machines and faults, and the network between machines and stores. */
import { type Applied, type Awaitable, CapabilityError, type ErrorKind } from '@flowport/capabilities'
import { describeThrown } from '../runtime/errors.ts'
import type { Choices } from './choices.ts'
import { type FaultRates, ratesOf } from './faults.ts'
import { Machine } from './machine.ts'
import type { Scheduler } from './scheduler.ts'

/** One message of a machine to a store or a sink. */
export interface Message {
  /** The resource's or the sink's name. */
  readonly to: string
  readonly operation: string
  readonly signal?: AbortSignal | undefined
  /** Shown in the trace. */
  readonly sender?: string | undefined
  /** What the receiver does. It runs outside every machine. */
  readonly receive: () => unknown
  /** Called when the network is going to deliver the message a second time. */
  readonly copied?: (() => void) | undefined
}

export interface WorldOptions {
  readonly scheduler: Scheduler<Machine>
  readonly choices: Choices
  readonly rates: FaultRates
  /** The longest lease of the flow's keys, in milliseconds: pauses go beyond it. */
  readonly leaseMs: number
  /** Collects what happens, one line each. Without it nothing is formatted. */
  readonly trace: string[] | undefined
}

/** Milliseconds until a sender takes a message or its answer for lost. */
const lostAfterMs = 50

export class World {
  readonly scheduler: Scheduler<Machine>
  readonly choices: Choices
  readonly leaseMs: number
  readonly machines: Machine[] = []
  /** The machine of the stores and sinks: it is never stopped. */
  readonly stores: Machine
  rates: FaultRates
  /** Effects that sinks were asked for by a holder whose key had a newer one. */
  staleEffects = 0
  readonly #fences = new Map<string, number>()
  readonly #trace: string[] | undefined
  #outageUntil = 0
  /** A lease outlives a slow renewal: two ways there and back take less than two thirds of it. */
  readonly #longestHopMs: number
  readonly #lostInARow = new Map<string, number>()

  constructor({ scheduler, choices, rates, leaseMs, trace }: WorldOptions) {
    this.scheduler = scheduler
    this.choices = choices
    this.rates = rates
    this.leaseMs = leaseMs
    this.#longestHopMs = Math.min(400, leaseMs / 7)
    this.#trace = trace
    this.stores = new Machine('stores', scheduler, choices)
  }

  get isTraced(): boolean {
    return this.#trace !== undefined
  }

  /** From now on nothing fails. */
  heal(): void {
    this.rates = ratesOf('none')
    this.#outageUntil = 0
    this.say('faults end')
  }

  /** Notes that a key has a new holder. */
  noteHolder(key: string, fence: number): void {
    this.#fences.set(key, fence)
  }

  /** Counts an effect that begins now, if its key has a newer holder than the one with this token. */
  noteEffect(key: string, fencingToken: number): void {
    if (fencingToken >= (this.#fences.get(key) ?? 0)) return
    this.staleEffects += 1
    this.say('begins an effect though the key has a newer holder')
  }

  addMachine(): Machine {
    const machine = new Machine(`process ${this.machines.length + 1}`, this.scheduler, this.choices)
    this.machines.push(machine)
    return machine
  }

  say(text: string, machine: Machine | undefined = this.scheduler.current): void {
    if (this.#trace === undefined) return
    const at = String(Math.round(this.scheduler.now)).padStart(7)
    this.#trace.push(`${at} ms  ${machine === undefined ? '' : `${machine.name}: `}${text}`)
  }

  /** Whether a fault happens now. */
  happens(fault: keyof FaultRates, detail = '', machine?: Machine): boolean {
    if (!this.choices.chance(this.rates[fault])) return false
    if (this.isTraced) this.say(`! ${fault}${detail === '' ? '' : `: ${detail}`}`, machine)
    return true
  }

  /** Sends a message of the machine at work, and resolves the answer on that machine, if it still works then. */
  send<T>(message: Message & { readonly receive: () => Awaitable<T> }): Promise<T>
  send(sent: Message): Promise<unknown> {
    const { scheduler } = this
    const machine = scheduler.current
    const message = { ...sent, sender: machine?.name }
    if (machine !== undefined) this.#upset(machine)
    return new Promise((resolve, reject) => {
      const { signal, to, operation } = message
      if (signal?.aborted) return reject(signal.reason as Error)
      const onAbort = () => reject(signal?.reason as Error)
      signal?.addEventListener('abort', onAbort, { once: true })
      const answer = (afterMs: number, give: () => void) => {
        scheduler.on(machine, afterMs, () => {
          signal?.removeEventListener('abort', onAbort)
          give()
        })
      }
      const fail = (kind: ErrorKind, why: string, applied: Applied, afterMs: number) =>
        answer(afterMs, () => reject(new CapabilityError(kind, why, { capability: to, operation, applied })))
      if (to === 'dedupe') this.#toLedger(message, fail, answer, resolve, reject)
      else this.#toStore(message, fail, answer, resolve, reject)
    })
  }

  #toLedger(message: Message, fail: Fail, answer: Answer, resolve: Settle, reject: Settle): void {
    const { operation } = message
    if (this.#isOutage(operation) || this.#isLost('ledgerRequestLost', message))
      return fail('Timeout', 'no answer in time', 'unknown', lostAfterMs)
    if (this.#isLost('ledgerRefuses', message)) {
      const isThrottled = this.choices.chance(0.5)
      return fail(isThrottled ? 'RateLimited' : 'Unavailable', 'refused', 'no', this.#hop())
    }
    if (this.happens('ledgerTwice', operation)) {
      const lateMs = this.choices.below(2 * this.leaseMs)
      message.copied?.()
      this.scheduler.outside(lateMs, () => {
        this.say(`a copy of ${message.to}.${operation} arrives`)
        void received(message).catch(() => undefined)
      })
    }
    const isLost = this.#isLost('ledgerAnswerLost', message)
    if (!isLost) this.#lostInARow.delete(`${message.sender ?? ''} ${operation}`)
    this.#arrive(
      this.#hop(),
      message,
      isLost ? () => fail('Timeout', 'no answer in time', 'unknown', lostAfterMs) : undefined,
      answer,
      resolve,
      reject,
    )
  }

  #toStore(message: Message, fail: Fail, answer: Answer, resolve: Settle, reject: Settle): void {
    const { to, operation } = message
    const what = `${to}.${operation}`
    if (this.happens('writeRefused', what)) return fail('Unavailable', 'connection refused', 'no', 5)
    if (this.happens('writeThrottled', what))
      return fail('RateLimited', 'too many requests', 'no', this.#hop())
    if (this.happens('writeLost', what)) return fail('Timeout', 'no answer in time', 'unknown', lostAfterMs)
    if (this.happens('writeFails', what)) {
      fail('Unavailable', 'the server answered 503', 'unknown', this.#hop() + 20)
      if (this.choices.chance(0.5)) this.#arrive(this.#hop(), message, nothing, answer, nothing, nothing)
      return
    }
    if (this.happens('writeReset', what)) {
      return this.#arrive(
        this.#hop(),
        message,
        () => fail('Unavailable', 'connection reset', 'unknown', 5),
        answer,
        resolve,
        reject,
      )
    }
    const lateMs = this.happens('writeLate', what) ? this.choices.below(3 * this.leaseMs) : 0
    // Whoever waits for it gives up long before.
    if (lateMs > 1000) fail('Timeout', 'no answer in time', 'unknown', 1000)
    this.#arrive(this.#hop() + lateMs, message, lateMs > 1000 ? nothing : undefined, answer, resolve, reject)
  }

  /** Lets the receiver do it, and sends the answer back unless `instead` takes its place. */
  #arrive(
    afterMs: number,
    message: Message,
    instead: (() => void) | undefined,
    answer: Answer,
    resolve: Settle,
    reject: Settle,
  ): void {
    this.scheduler.outside(afterMs, () => {
      const back = this.#hop()
      received(message).then(
        (result) => {
          if (this.isTraced && !isEmpty(result)) this.say(`${placeOf(message)}: ${shown(result)}`)
          if (instead === undefined) answer(back, () => resolve(result))
          else instead()
        },
        (error: unknown) => {
          if (this.isTraced) this.say(`${placeOf(message)}: ${describeThrown(error)}`)
          if (instead === undefined) answer(back, () => reject(error))
          else instead()
        },
      )
    })
  }

  #isOutage(operation: string): boolean {
    const { scheduler } = this
    if (scheduler.now >= this.#outageUntil && this.happens('ledgerOutage', operation))
      this.#outageUntil = scheduler.now + this.choices.below(3 * this.leaseMs)
    return scheduler.now < this.#outageUntil
  }

  /** Loses or refuses at most two messages in a row of one sender and operation. */
  #isLost(
    fault: 'ledgerRequestLost' | 'ledgerAnswerLost' | 'ledgerRefuses',
    { sender = '', operation }: Message,
  ): boolean {
    const which = `${sender} ${operation}`
    const lost = this.#lostInARow.get(which) ?? 0
    const isLost = lost < 2 && this.happens(fault, operation)
    if (isLost) this.#lostInARow.set(which, lost + 1)
    return isLost
  }

  #hop(): number {
    return 1 + this.choices.below(this.happens('reordered') ? this.#longestHopMs : 20)
  }

  /** What may happen to a process soon after it sends something. */
  #upset(machine: Machine): void {
    const { scheduler, choices } = this
    const soon = () => choices.below(40)
    if (this.happens('crash'))
      scheduler.outside(soon(), () => {
        if (machine.isCrashed) return
        machine.isCrashed = true
        this.say('crashes', machine)
      })
    for (const fault of ['pause', 'suspend'] as const) {
      if (!this.happens(fault)) continue
      const ms = choices.below(3 * this.leaseMs)
      scheduler.outside(soon(), () => {
        machine.stoppedUntil = Math.max(machine.stoppedUntil, scheduler.now + ms)
        // A sleep that a changed wall clock hides as well shows on no clock: nothing can be promised of it.
        if (fault === 'suspend' && machine.wallOffsetMs === 0) machine.sleptMs += ms
        this.say(`stops for ${ms} ms`, machine)
      })
    }
    if (this.happens('clockSet') && machine.sleptMs === 0)
      machine.wallOffsetMs += (choices.chance(0.5) ? 1 : -1) * 3_600_000
  }
}

type Fail = (kind: ErrorKind, why: string, applied: Applied, afterMs: number) => void
type Answer = (afterMs: number, give: () => void) => void
type Settle = (value: unknown) => void

function nothing(): void {
  // The sender has its answer already.
}

function placeOf({ to, operation, sender = 'nobody' }: Message): string {
  return `${to}.${operation} for ${sender}`
}

async function received({ receive }: Message): Promise<unknown> {
  return receive()
}

/** Consumers look at empty queues again and again: traces leave that out. */
function isEmpty(result: unknown): boolean {
  return Array.isArray(result) && result.length === 0
}

/** A short text of what a store answered. */
function shown(result: unknown): string {
  if (typeof result !== 'object' || result === null) return String(result)
  return 'state' in result ? String(result.state) : 'an answer'
}
