/** What SHA-2 and MD5 share: bytes gathered into blocks, and the padding that ends them (Merkle and Damgård). */

export interface BlockDigest {
  readonly blockBytes: number
  /** Bytes at the end of the last block that hold the length. */
  readonly lengthBytes: number
  readonly littleEndian: boolean
  /** Takes in one block. */
  compress(block: DataView): void
  result(): Uint8Array
}

export function running({ blockBytes, lengthBytes, littleEndian, compress, result }: BlockDigest) {
  const block = new Uint8Array(blockBytes)
  const view = new DataView(block.buffer)
  let filled = 0
  let total = 0
  const update = (bytes: Uint8Array) => {
    total += bytes.byteLength
    let offset = 0
    if (filled > 0) {
      offset = Math.min(blockBytes - filled, bytes.byteLength)
      block.set(bytes.subarray(0, offset), filled)
      filled += offset
      if (filled < blockBytes) return
      compress(view)
      filled = 0
    }
    // Whole blocks are read where they are.
    for (; offset + blockBytes <= bytes.byteLength; offset += blockBytes)
      compress(new DataView(bytes.buffer, bytes.byteOffset + offset, blockBytes))
    block.set(bytes.subarray(offset), 0)
    filled = bytes.byteLength - offset
  }
  const digest = () => {
    const bits = total * 8
    block.fill(0, filled)
    block[filled] = 0x80
    if (filled + 1 + lengthBytes > blockBytes) {
      compress(view)
      block.fill(0)
    }
    const [low, high] = littleEndian ? [blockBytes - 8, blockBytes - 4] : [blockBytes - 4, blockBytes - 8]
    view.setUint32(low, bits >>> 0, littleEndian)
    view.setUint32(high, Math.floor(bits / 2 ** 32) >>> 0, littleEndian)
    compress(view)
    return result()
  }
  return { update, digest }
}

/** The first primes. */
export function primes(count: number): number[] {
  const found: number[] = []
  for (let candidate = 2; found.length < count; candidate++)
    if (found.every((prime) => candidate % prime !== 0)) found.push(candidate)
  return found
}

/** The first `bits` bits of what follows the point of the square (2) or cube (3) root. */
export function rootFraction(prime: number, degree: 2 | 3, bits: number): bigint {
  const scaled = BigInt(prime) << BigInt(bits * degree)
  const power = (x: bigint) => (degree === 2 ? x * x : x * x * x)
  // The root has at most five bits before the point.
  let root = 0n
  for (let bit = BigInt(bits + 4); bit >= 0n; bit--) {
    const next = root | (1n << bit)
    if (power(next) <= scaled) root = next
  }
  return BigInt.asUintN(bits, root)
}
