import fc from 'fast-check'
import { expect, it } from 'vitest'
import { RunningDigest } from './running-digest.ts'

const sha256 = async (bytes: Uint8Array<ArrayBuffer>) =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))

/** The digest of bytes that come in pieces of these sizes, over and over. */
async function digestOf(bytes: Uint8Array, sizes: readonly number[]): Promise<string> {
  const digest = new RunningDigest(sha256)
  for (let from = 0, turn = 0; from < bytes.byteLength; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    await digest.add(bytes.subarray(from, from + size))
    from += size
  }
  return digest.end()
}

it('does not depend on how the bytes are cut', async () => {
  const size = fc.integer({ min: 1, max: 300_000 })
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 700_000 }),
      fc.array(size, { minLength: 1, maxLength: 5 }),
      async (length, sizes) => {
        const bytes = new Uint8Array(length).map((_, at) => (at * 13) & 255)
        expect(await digestOf(bytes, sizes)).toBe(await digestOf(bytes, [Number.MAX_SAFE_INTEGER]))
      },
    ),
    { numRuns: 40 },
  )
})

it('differs for bytes that differ in length, place or value, at the edges of blocks too', async () => {
  const block = 256 * 1024
  const seen = new Set<string>()
  for (const length of [0, 1, 32, block - 1, block, block + 1, 2 * block, 2 * block + 1]) {
    seen.add(await digestOf(new Uint8Array(length), [block]))
    if (length === 0) continue
    seen.add(await digestOf(new Uint8Array(length).fill(1, length - 1), [block]))
    seen.add(await digestOf(new Uint8Array(length).fill(2, 0, 1), [block]))
  }
  expect(seen.size).toBe(22)
})
