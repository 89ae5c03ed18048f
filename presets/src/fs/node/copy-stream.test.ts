import fs from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tempDirectory } from '../../../test/support/temp-directory.ts'
import { copyStream } from './copy-stream.ts'

describe('copying a stream into a file', () => {
  it('keeps every byte in order, whatever the chunks and pauses, also when the source reuses its buffer', async () => {
    const directory = tempDirectory()
    const chunks = fc.array(fc.tuple(fc.nat(700_000), fc.constantFrom(0, 1, 2)), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(chunks, async (plan) => {
        const total = plan.reduce((sum, [length]) => sum + length, 0)
        const expected = Buffer.alloc(total, 'abcdefghijk')
        const shared = new Uint8Array(700_000)
        let offset = 0
        const steps = plan.values()
        // No queue: a chunk is made when it is asked for, over the one before.
        const pull = async (sink: ReadableStreamDefaultController<Uint8Array>) => {
          const step = steps.next()
          if (step.done === true) return sink.close()
          const [length, pauseMs] = step.value
          if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
          shared.set(expected.subarray(offset, offset + length))
          offset += length
          sink.enqueue(shared.subarray(0, length))
        }
        const stream = new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 })
        const path = join(directory, 'file')
        const fd = fs.openSync(path, 'w')
        expect(await copyStream(stream, fd, 10, undefined)).toBe(total)
        fs.closeSync(fd)
        expect(fs.readFileSync(path).subarray(10).equals(expected)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('fails with the error of the disk, and lets the source go', async () => {
    let cancelled = false
    const stream = new ReadableStream<Uint8Array>({
      pull: (sink) => sink.enqueue(new Uint8Array(100_000)),
      cancel: () => {
        cancelled = true
      },
    })
    const fd = fs.openSync('/dev/full', 'w')
    await expect(copyStream(stream, fd, 0, undefined)).rejects.toMatchObject({ code: 'ENOSPC' })
    fs.closeSync(fd)
    expect(cancelled).toBe(true)
  })
})
