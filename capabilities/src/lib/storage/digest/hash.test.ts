import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { digests, hashOf } from './hash.ts'

const names = Object.keys(digests)

describe.each(names)('%s', (name) => {
  it('is the same however the bytes come', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 8 }), async (chunks) => {
        const expected = createHash(name)
        for (const chunk of chunks) expected.update(chunk)
        expect(await hashOf(streamOf(chunks), name)).toBe(expected.digest('hex'))
      }),
    )
  })
})

function streamOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })
}

it('knows no other algorithm', async () => {
  expect(await hashOf(new Blob([]).stream(), 'crc32')).toBeNull()
  expect(await hashOf(new Blob([]).stream(), 'toString')).toBeNull()
})
