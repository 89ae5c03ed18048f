/** The system's randomness: `bytes`, `int` and `uuid` are fit for secrets, `float` is for jitter and sampling. */
import { CapabilityError } from '../error.ts'
import type { PlainCapabilityInfo } from '../guarantees/info.ts'
import type { Rng } from '../rng/contract.ts'
import { v4 as uuidV4 } from 'uuid'

export const systemRng: Rng & { readonly info: PlainCapabilityInfo } = {
  info: { provider: 'system', extensions: {} },
  bytes(length) {
    checkLength(length)
    return crypto.getRandomValues(new Uint8Array(length))
  },
  float: () => Math.random(),
  int(min, max) {
    return integer(min, max, uint53)
  },
  uuid: () => uuidV4(),
}

/** Refuses a length outside 1 to 65 536. */
export function checkLength(length: number): void {
  if (Number.isInteger(length) && length >= 1 && length <= 65_536) return
  throw new CapabilityError('InvalidInput', 'length must be 1 to 65 536 bytes', {
    capability: 'rng',
    operation: 'bytes',
  })
}

/** An unbiased integer in [min, max] from integers in [0, 2 ** 53). */
export function integer(min: number, max: number, next53: () => number): number {
  const span = max - min + 1
  if (
    !Number.isSafeInteger(min) ||
    !Number.isSafeInteger(max) ||
    span < 1 ||
    span > Number.MAX_SAFE_INTEGER
  ) {
    throw new CapabilityError('InvalidInput', 'min and max must be safe integers, min at most max', {
      capability: 'rng',
      operation: 'int',
    })
  }
  // The last, incomplete block of `span` numbers would favour small results.
  const end = 2 ** 53 - (2 ** 53 % span)
  for (;;) {
    const number = next53()
    if (number < end) return min + (number % span)
  }
}

function uint53(): number {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2))
  return (high >>> 11) * 2 ** 32 + low
}
