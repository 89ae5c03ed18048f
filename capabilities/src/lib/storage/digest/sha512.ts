/** SHA-512 and SHA-384, as FIPS 180-4 says them (sections 6.4 and 6.5). A word of 64 bits is two halves, `high` and `low`. */
import { primes, rootFraction, running } from './blocks.ts'

export function sha512(name: 'sha512' | 'sha384') {
  const constants = halves(primes(80).map((prime) => rootFraction(prime, 3, 64)))
  // SHA-384 begins with the roots of the ninth to sixteenth primes.
  const roots = primes(16).map((prime) => rootFraction(prime, 2, 64))
  const state = halves(name === 'sha512' ? roots.slice(0, 8) : roots.slice(8))
  const words = new Int32Array(160)
  const v = new Int32Array(16)
  return running({
    blockBytes: 128,
    lengthBytes: 16,
    littleEndian: false,
    compress(block) {
      for (let i = 0; i < 32; i++) words[i] = block.getInt32(i * 4)
      for (let i = 32; i < 160; i += 2) {
        const xh = at(words, i - 30)
        const xl = at(words, i - 29)
        const yh = at(words, i - 4)
        const yl = at(words, i - 3)
        const s0h = rotateHigh(xh, xl, 1) ^ rotateHigh(xh, xl, 8) ^ (xh >>> 7)
        const s0l = rotateHigh(xl, xh, 1) ^ rotateHigh(xl, xh, 8) ^ ((xl >>> 7) | (xh << 25))
        const s1h = rotateHigh(yh, yl, 19) ^ rotateHigh(yl, yh, 29) ^ (yh >>> 6)
        const s1l = rotateHigh(yl, yh, 19) ^ rotateHigh(yh, yl, 29) ^ ((yl >>> 6) | (yh << 26))
        const low = u(s0l) + u(at(words, i - 13)) + u(s1l) + u(at(words, i - 31))
        words[i] = s0h + at(words, i - 14) + s1h + at(words, i - 32) + carry(low)
        words[i + 1] = low
      }
      v.set(state)
      for (let i = 0; i < 160; i += 2) {
        const eh = at(v, 8)
        const el = at(v, 9)
        const ah = at(v, 0)
        const al = at(v, 1)
        const s1h = rotateHigh(eh, el, 14) ^ rotateHigh(eh, el, 18) ^ rotateHigh(el, eh, 9)
        const s1l = rotateHigh(el, eh, 14) ^ rotateHigh(el, eh, 18) ^ rotateHigh(eh, el, 9)
        const chh = (eh & at(v, 10)) ^ (~eh & at(v, 12))
        const chl = (el & at(v, 11)) ^ (~el & at(v, 13))
        const low1 = u(at(v, 15)) + u(s1l) + u(chl) + u(at(constants, i + 1)) + u(at(words, i + 1))
        const t1h = (at(v, 14) + s1h + chh + at(constants, i) + at(words, i) + carry(low1)) | 0
        const t1l = low1 | 0
        const s0h = rotateHigh(ah, al, 28) ^ rotateHigh(al, ah, 2) ^ rotateHigh(al, ah, 7)
        const s0l = rotateHigh(al, ah, 28) ^ rotateHigh(ah, al, 2) ^ rotateHigh(ah, al, 7)
        const majh = (ah & at(v, 2)) ^ (ah & at(v, 4)) ^ (at(v, 2) & at(v, 4))
        const majl = (al & at(v, 3)) ^ (al & at(v, 5)) ^ (at(v, 3) & at(v, 5))
        const low2 = u(s0l) + u(majl)
        const t2h = (s0h + majh + carry(low2)) | 0
        const dh = at(v, 6)
        const dl = at(v, 7)
        v.copyWithin(2, 0, 14)
        const lowE = u(dl) + u(t1l)
        v[8] = dh + t1h + carry(lowE)
        v[9] = lowE
        const lowA = u(t1l) + u(low2 | 0)
        v[0] = t1h + t2h + carry(lowA)
        v[1] = lowA
      }
      for (let i = 0; i < 16; i += 2) {
        const low = u(at(state, i + 1)) + u(at(v, i + 1))
        state[i] = at(state, i) + at(v, i) + carry(low)
        state[i + 1] = low
      }
    },
    result() {
      const bytes = new DataView(new ArrayBuffer(64))
      state.forEach((word, i) => bytes.setInt32(i * 4, word))
      return new Uint8Array(bytes.buffer, 0, name === 'sha512' ? 64 : 48)
    },
  })
}

/** The high half of a right rotation by less than 32; the low half is that of the halves exchanged. */
function rotateHigh(high: number, low: number, by: number): number {
  return (high >>> by) | (low << (32 - by))
}

function u(word: number): number {
  return word >>> 0
}

function carry(sum: number): number {
  return (sum / 4294967296) | 0
}

function at(words: Int32Array, index: number): number {
  return words[index] as number
}

function halves(words: readonly bigint[]): Int32Array {
  return Int32Array.from(
    words.flatMap((word) => [Number(BigInt.asIntN(32, word >> 32n)), Number(BigInt.asIntN(32, word))]),
  )
}
