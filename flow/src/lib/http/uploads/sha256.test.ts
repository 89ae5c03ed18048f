import { createHash } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { digested, startSha256 } from './sha256.ts'

afterEach(() => vi.unstubAllGlobals())

const chunks = [new Uint8Array(0), new Uint8Array(3).fill(7), new Uint8Array(100_001).fill(9)]
const expected = createHash('sha256').update(Buffer.concat(chunks)).digest('hex')

describe.each(['of the platform', 'in JavaScript'])('SHA-256 %s', (which) => {
  it('is taken of a stream while it passes', async () => {
    const platform = await startSha256()
    if (which === 'in JavaScript') vi.stubGlobal('process', undefined)
    expect((await startSha256()).constructor === platform.constructor).toBe(which === 'of the platform')
    const { stream, sha256 } = await digested(new Blob(chunks).stream())
    const passed = await new Response(stream).bytes()
    expect([Buffer.concat(chunks).equals(passed), await sha256()]).toEqual([true, expected])
  })
})

it('a stream that is given up lets go of its source', async () => {
  const cancel = vi.fn<(reason: unknown) => void>()
  const { stream } = await digested(new ReadableStream({ cancel }))
  await stream.cancel('given up')
  expect(cancel).toHaveBeenCalledExactlyOnceWith('given up')
})
