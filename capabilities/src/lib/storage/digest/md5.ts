/** MD5, as RFC 1321 says it: for what stores and tools tell as checksum. Whoever wants to can make two files with one MD5. */
import { running } from './blocks.ts'

const shifts = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
] as const

export function md5() {
  const sines = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32))
  const state = Int32Array.of(0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476)
  return running({
    blockBytes: 64,
    lengthBytes: 8,
    littleEndian: true,
    compress(block) {
      let a = state[0] as number
      let b = state[1] as number
      let c = state[2] as number
      let d = state[3] as number
      for (let i = 0; i < 64; i++) {
        const round = i >> 4
        let mixed = c ^ (b | ~d)
        let word = 7 * i
        if (round === 0) {
          mixed = (b & c) | (~b & d)
          word = i
        } else if (round === 1) {
          mixed = (d & b) | (~d & c)
          word = 5 * i + 1
        } else if (round === 2) {
          mixed = b ^ c ^ d
          word = 3 * i + 5
        }
        const sum = (a + mixed + (sines[i] as number) + block.getInt32((word & 15) * 4, true)) | 0
        const by = shifts[round]?.[i & 3] ?? 0
        a = d
        d = c
        c = b
        b = (b + ((sum << by) | (sum >>> (32 - by)))) | 0
      }
      state[0] = (state[0] as number) + a
      state[1] = (state[1] as number) + b
      state[2] = (state[2] as number) + c
      state[3] = (state[3] as number) + d
    },
    result() {
      const bytes = new DataView(new ArrayBuffer(16))
      state.forEach((word, i) => bytes.setInt32(i * 4, word, true))
      return new Uint8Array(bytes.buffer)
    },
  })
}
