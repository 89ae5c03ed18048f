/** The payment gateway's charges: stored in a file, one JSON line each, written before the gateway answers. */
import { randomUUID } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'

export interface Charge {
  readonly chargeId: string
  readonly orderId: string
  readonly amountCents: number
  /** The `Idempotency-Key` of the call that made the charge. */
  readonly key: string | null
}

export class Charges {
  readonly #file: string
  readonly #all: Charge[]

  /** Reads `file` now, and appends each new charge to it. */
  constructor(file: string) {
    this.#file = file
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
    this.#all = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Charge)
  }

  /** Adds a charge, without checking for earlier ones. */
  make(charge: Omit<Charge, 'chargeId'>): Charge {
    const made = { chargeId: randomUUID(), ...charge }
    // Payment data: readable only by the user.
    appendFileSync(this.#file, `${JSON.stringify(made)}\n`, { mode: 0o600 })
    this.#all.push(made)
    return made
  }

  /** Returns the charge that a call with this key made, or `undefined`. */
  ofKey(key: string): Charge | undefined {
    return this.#all.find((charge) => charge.key === key)
  }

  count(orderId: string): number {
    return this.#all.filter((charge) => charge.orderId === orderId).length
  }
}
