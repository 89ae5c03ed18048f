/** The charges of the payment gateway: kept in a file, a line each, written before the caller is answered. */
import { randomUUID } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'

export interface Charge {
  readonly chargeId: string
  readonly orderId: string
  readonly amountCents: number
  /** The `Idempotency-Key` of the call that made it. */
  readonly key: string | null
}

export class Charges {
  readonly #file: string
  readonly #all: Charge[]

  /** `file` is read now and appended to with each charge. */
  constructor(file: string) {
    this.#file = file
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
    this.#all = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Charge)
  }

  /** Charges, whatever was charged before. */
  make(charge: Omit<Charge, 'chargeId'>): Charge {
    const made = { chargeId: randomUUID(), ...charge }
    // Readable for the user alone, as payments are.
    appendFileSync(this.#file, `${JSON.stringify(made)}\n`, { mode: 0o600 })
    this.#all.push(made)
    return made
  }

  /** The charge that a call with this key made, or `undefined`. */
  ofKey(key: string): Charge | undefined {
    return this.#all.find((charge) => charge.key === key)
  }

  count(orderId: string): number {
    return this.#all.filter((charge) => charge.orderId === orderId).length
  }
}
