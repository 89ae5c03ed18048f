/** SHA-256, as FIPS 180-4 says it (section 6.2). */
import { primes, rootFraction, running } from './blocks.ts'

export function sha256() {
  const constants = Int32Array.from(primes(64), (prime) => Number(rootFraction(prime, 3, 32)))
  const state = Int32Array.from(primes(8), (prime) => Number(rootFraction(prime, 2, 32)))
  const words = new Int32Array(64)
  return running({
    blockBytes: 64,
    lengthBytes: 8,
    littleEndian: false,
    compress(block) {
      for (let t = 0; t < 16; t++) words[t] = block.getInt32(t * 4)
      for (let t = 16; t < 64; t++) {
        const x = at(words, t - 15)
        const y = at(words, t - 2)
        const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3)
        const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10)
        words[t] = s1 + at(words, t - 7) + s0 + at(words, t - 16)
      }
      let a = at(state, 0)
      let b = at(state, 1)
      let c = at(state, 2)
      let d = at(state, 3)
      let e = at(state, 4)
      let f = at(state, 5)
      let g = at(state, 6)
      let h = at(state, 7)
      for (let t = 0; t < 64; t++) {
        const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
        const t1 = (h + s1 + ((e & f) ^ (~e & g)) + at(constants, t) + at(words, t)) | 0
        const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
        const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
        h = g
        g = f
        f = e
        e = (d + t1) | 0
        d = c
        c = b
        b = a
        a = (t1 + t2) | 0
      }
      state[0] = at(state, 0) + a
      state[1] = at(state, 1) + b
      state[2] = at(state, 2) + c
      state[3] = at(state, 3) + d
      state[4] = at(state, 4) + e
      state[5] = at(state, 5) + f
      state[6] = at(state, 6) + g
      state[7] = at(state, 7) + h
    },
    result() {
      const bytes = new DataView(new ArrayBuffer(32))
      state.forEach((word, i) => bytes.setInt32(i * 4, word))
      return new Uint8Array(bytes.buffer)
    },
  })
}

function rotate(x: number, by: number): number {
  return (x >>> by) | (x << (32 - by))
}

function at(words: Int32Array, index: number): number {
  return words[index] as number
}
