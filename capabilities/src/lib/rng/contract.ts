/** The randomness contract: chance as an argument, so tests control it. */
export interface Rng {
  /** `length` random bytes, 1 to 65 536. */
  bytes(length: number): Uint8Array<ArrayBuffer>
  /** A number in [0, 1). */
  float(): number
  /** An integer in [min, max]. */
  int(min: number, max: number): number
  /** A version 4 UUID. */
  uuid(): string
}
