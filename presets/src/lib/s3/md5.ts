/** MD5 (RFC 1321), which web platforms lack and S3 asks for to check the body of a bulk delete. No use for secrets. */

/** The 16 bytes of the digest. */
export function md5(input: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array((((input.byteLength + 8) >>> 6) + 1) * 64)
  padded.set(input)
  padded[input.byteLength] = 0x80
  const view = new DataView(padded.buffer)
  view.setBigUint64(padded.byteLength - 8, BigInt(input.byteLength) * 8n, true)
  let [a0, b0, c0, d0] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]
  for (let block = 0; block < padded.byteLength; block += 64) {
    let [a, b, c, d] = [a0, b0, c0, d0]
    for (let i = 0; i < 64; i++) {
      const round = i >>> 4
      const word = view.getInt32(block + 4 * wordIndex(round, i), true)
      const sum = (a + mix(round, b, c, d) + word + (constants[i] as number)) | 0
      const shift = shifts[round * 4 + (i & 3)] as number
      a = d
      d = c
      c = b
      b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0
    }
    a0 = (a0 + a) | 0
    b0 = (b0 + b) | 0
    c0 = (c0 + c) | 0
    d0 = (d0 + d) | 0
  }
  const digest = new DataView(new ArrayBuffer(16))
  for (const [i, word] of [a0, b0, c0, d0].entries()) digest.setInt32(4 * i, word, true)
  return new Uint8Array(digest.buffer)
}

function mix(round: number, b: number, c: number, d: number): number {
  if (round === 0) return (b & c) | (~b & d)
  if (round === 1) return (d & b) | (~d & c)
  return round === 2 ? b ^ c ^ d : c ^ (b | ~d)
}

function wordIndex(round: number, i: number): number {
  if (round === 0) return i
  if (round === 1) return (5 * i + 1) & 15
  return round === 2 ? (3 * i + 5) & 15 : (7 * i) & 15
}

/** The integer parts of 2^32 times the sines, as the RFC defines its table. */
const constants = Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) | 0)

const shifts = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21]
