/** How a refusal crosses RPC: errors lose their own properties there, so an object returns it beside its answers. */
import { type Applied, CapabilityError, type ErrorKind, isCapabilityError } from '@flowport/capabilities'

/** An answer, or what the object refused the call with. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | Refusal

export interface Refusal {
  readonly ok: false
  readonly kind: ErrorKind
  readonly reason: string
  readonly code: string
  /** Absent where the object runs a version before this field: its refusals then say what their kind does. */
  readonly applied?: Applied
  readonly details?: Readonly<Record<string, Fact>>
}

/** What details hold. Cloudflare's types drop from an answer what they do not know to cross RPC, as `unknown` is. */
export type Fact = string | number | boolean

/** In the object: what `run` answers, or the `CapabilityError` it throws. Any other error is thrown on. */
export async function outcomeOf<T>(run: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await run() }
  } catch (error) {
    if (!isCapabilityError(error)) throw error
    const { kind, reason, code, applied, details } = error
    const refusal = { ok: false, kind, reason, code, applied } as const
    return { ...refusal, ...(details === undefined ? {} : { details: factsOf(details) }) }
  }
}

/** At the caller: the answer, or the refusal thrown as the `CapabilityError` it was. */
export function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value
  const { kind, reason, code, applied, details } = outcome
  throw new CapabilityError(kind, reason, { code, applied, ...(details === undefined ? {} : { details }) })
}

function factsOf(details: Readonly<Record<string, unknown>>): Record<string, Fact> {
  const facts = Object.entries(details).filter((entry): entry is [string, Fact] =>
    ['string', 'number', 'boolean'].includes(typeof entry[1]),
  )
  return Object.fromEntries(facts)
}
