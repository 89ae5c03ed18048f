import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { running } from './blocks.ts'
import { digests, hashOf } from './hash.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const names = Object.keys(digests) as (keyof typeof digests)[]

describe.each(names)('%s', (name) => {
  it('is that of every length around a block', () => {
    for (let length = 0; length <= 300; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 255)
      const digest = digests[name]()
      digest.update(bytes)
      expect(hex(digest.digest()), `length ${length}`).toBe(createHash(name).update(bytes).digest('hex'))
    }
  })

  it('is the same however the bytes come', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 8 }), (chunks) => {
        const digest = digests[name]()
        const expected = createHash(name)
        for (const chunk of chunks) {
          digest.update(chunk)
          expected.update(chunk)
        }
        expect(hex(digest.digest())).toBe(expected.digest('hex'))
      }),
    )
  })
})

it.each([true, false])('counts more bits than a word of 32 holds (little endian: %s)', (littleEndian) => {
  const blockBytes = 1024 * 1024
  let last: DataView = new DataView(new ArrayBuffer(0))
  const { update, digest } = running({
    blockBytes,
    lengthBytes: 8,
    littleEndian,
    compress: (block) => {
      last = block
    },
    result: () => new Uint8Array(),
  })
  const chunk = new Uint8Array(64 * blockBytes)
  for (let i = 0; i < 9; i++) update(chunk)
  update(Uint8Array.of(1))
  digest()
  expect(last.getBigUint64(blockBytes - 8, littleEndian)).toBe(BigInt(9 * chunk.byteLength + 1) * 8n)
})

it('knows no other algorithm', async () => {
  expect(await hashOf(new Blob([]).stream(), 'crc32')).toBeNull()
  expect(await hashOf(new Blob([]).stream(), 'toString')).toBeNull()
})
