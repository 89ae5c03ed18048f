/** Payment gateways that count what they charge, each with its own way of dealing with a request that comes twice. */
import { CapabilityError } from '@flowport/capabilities'
import type { UnknownAnswer } from '@flowport/flow'

export interface Charge {
  readonly charge: string
}

export interface Sink {
  /** Charges that were made. */
  readonly charges: number
  charge(key: string, fence: number): Charge
  /** What it says about the charges of a key, for a holder with this fence. */
  find(key: string, fence: number): UnknownAnswer<Charge>
}

/** Charges as often as it is asked. */
export class NaiveSink implements Sink {
  charges = 0

  charge(key: string, _fence: number): Charge {
    this.charges++
    return { charge: key }
  }

  find(_key: string, _fence: number): UnknownAnswer<Charge> {
    throw new Error('it cannot be asked')
  }
}

/** Makes one charge per key, and answers the same key with the same charge. */
export class KeyedSink extends NaiveSink {
  protected readonly made = new Map<string, Charge>()

  override charge(key: string, fence: number): Charge {
    const charge = this.made.get(key) ?? super.charge(key, fence)
    this.made.set(key, charge)
    return charge
  }
}

/** Charges as often as it is asked, and says what it has charged: a request may still be on its way to it. */
export class AnsweringSink extends NaiveSink {
  readonly #made = new Map<string, Charge>()

  override charge(key: string, fence: number): Charge {
    const charge = super.charge(key, fence)
    this.#made.set(key, charge)
    return charge
  }

  override find(key: string, _fence: number): UnknownAnswer<Charge> {
    const done = this.#made.get(key)
    return done === undefined ? 'unknown' : { done }
  }
}

/** Refuses holders with a smaller fencing token than it has seen. */
export class FencingSink extends AnsweringSink {
  readonly #fences = new Map<string, number>()

  override charge(key: string, fence: number): Charge {
    this.#raise(key, fence)
    return super.charge(key, fence)
  }

  override find(key: string, fence: number): UnknownAnswer<Charge> {
    this.#raise(key, fence)
    const found = super.find(key, fence)
    return found === 'unknown' ? { notDone: 'fenced' } : found
  }

  #raise(key: string, fence: number): void {
    if (fence < (this.#fences.get(key) ?? 0)) throw refused('another holder of the key has been here')
    this.#fences.set(key, fence)
  }
}

/** Takes one charge per intent; asking about a key closes the intents of earlier holders. */
export class ClosingSink extends AnsweringSink {
  readonly #closedBelow = new Map<string, number>()

  override charge(key: string, fence: number): Charge {
    if (fence < (this.#closedBelow.get(key) ?? 0)) throw refused('the intent was closed')
    return super.charge(key, fence)
  }

  override find(key: string, fence: number): UnknownAnswer<Charge> {
    this.#closedBelow.set(key, fence)
    const found = super.find(key, fence)
    return found === 'unknown' ? { notDone: 'closed' } : found
  }
}

export function refused(reason: string): CapabilityError {
  return new CapabilityError('ConditionNotMatch', reason, { applied: 'no' })
}
