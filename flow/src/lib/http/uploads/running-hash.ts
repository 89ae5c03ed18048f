/** A digest that takes bytes piece by piece, as Web Crypto cannot. */
export interface RunningHash {
  /** Where it returns a promise, the next piece waits for that. */
  update(chunk: Uint8Array): unknown
  digest(): Uint8Array | Promise<Uint8Array>
}
