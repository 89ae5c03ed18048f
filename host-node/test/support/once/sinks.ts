/** Payment gateways that count their charges. Each handles repeated requests differently. */
import { CapabilityError } from '@flowport/capabilities'
import type { UnknownAnswer } from '@flowport/flow'

export interface Charge {
  readonly charge: string
}

export interface Sink {
  /** Number of charges made. */
  readonly charges: number
  charge(key: string, fence: number): Charge
  /** Returns what the sink knows about a key's charges, asked by the holder with this fence. */
  find(key: string, fence: number): UnknownAnswer<Charge>
}

/** Charges on every call. */
export class NaiveSink implements Sink {
  charges = 0

  charge(key: string, _fence: number): Charge {
    this.charges++
    return { charge: key }
  }

  find(_key: string, _fence: number): UnknownAnswer<Charge> {
    throw new Error('this sink cannot be asked')
  }
}

/** Makes one charge per key, and returns it again for the same key. */
export class KeyedSink extends NaiveSink {
  protected readonly made = new Map<string, Charge>()

  override charge(key: string, fence: number): Charge {
    const charge = this.made.get(key) ?? super.charge(key, fence)
    this.made.set(key, charge)
    return charge
  }
}

/** Charges on every call, and can be asked for its charges. Cannot exclude a request that is still on its way. */
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

/** Refuses fencing tokens smaller than one it has seen. */
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
    if (fence < (this.#fences.get(key) ?? 0)) throw refused('a newer holder of the key has called')
    this.#fences.set(key, fence)
  }
}

/** Accepts one charge per intent. Asking about a key closes the intents of earlier holders. */
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
