/** Randomness that is the same every time: for tests that must be repeatable. Never for secrets. */
import type { Rng } from './contract.ts'
import { checkLength, integer } from '../system/rng.ts'

/** The same seed gives the same numbers, bytes and UUIDs in the same order. */
export function seededRng(seed = 1): Rng {
  let state = seed >>> 0

  // mulberry32: small, fast, and even enough for tests.
  function uint32(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }

  function uint53(): number {
    return (uint32() >>> 11) * 2 ** 32 + uint32()
  }

  function bytes(length: number): Uint8Array<ArrayBuffer> {
    checkLength(length)
    return Uint8Array.from({ length }, () => uint32() & 0xff)
  }

  return {
    bytes,
    float: () => uint53() / 2 ** 53,
    int: (min, max) => integer(min, max, uint53),
    uuid() {
      const raw = bytes(16)
      raw[6] = ((raw[6] ?? 0) & 0x0f) | 0x40
      raw[8] = ((raw[8] ?? 0) & 0x3f) | 0x80
      const hex = Array.from(raw, (byte) => byte.toString(16).padStart(2, '0')).join('')
      return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    },
  }
}
