/** The secrets contract: values that never show themselves. */
import type { PlainCapabilityInfo } from '../guarantees/info.ts'
import type { CallOptions } from '../kv/contract.ts'

/** A secret value. Printing it in any way gives `[secret NAME]`; only `reveal()` gives the text. */
export interface Secret {
  readonly name: string
  reveal(): string
  toString(): string
  toJSON(): string
}

export interface Secrets {
  readonly info: PlainCapabilityInfo
  /** The secret, or `NotFound` naming it. */
  get(name: string, options?: CallOptions): Promise<Secret>
}
