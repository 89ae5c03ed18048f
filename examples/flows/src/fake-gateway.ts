/** A payment gateway that only pretends: it keeps its charges in a key-value store and honours idempotency keys. */
import { isKind, type KeyValue, type KvReader } from '@flowport/capabilities'

export interface Charge {
  readonly chargeId: string
  readonly amountCents: number
}

const prefixOf = (orderId: string) => `charges/${encodeURIComponent(orderId)}/`

/** Charges once per idempotency key, as real gateways do: the same key again is the same charge. */
export async function charge(
  kv: KeyValue,
  orderId: string,
  amountCents: number,
  idempotencyKey: string,
): Promise<Charge> {
  const chargeId = await digest(idempotencyKey)
  const made = { chargeId, amountCents }
  try {
    await kv.put(prefixOf(orderId) + chargeId, { json: made }, { ifAbsent: true })
  } catch (error) {
    if (!isKind(error, 'AlreadyExists')) throw error
  }
  return made
}

/** How many charges were made for an order. */
export async function countCharges(kv: KvReader, orderId: string): Promise<number> {
  let charges = 0
  for await (const _ of kv.keys({ prefix: prefixOf(orderId) })) charges++
  return charges
}

async function digest(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
  return Array.from(bytes.subarray(0, 12), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
