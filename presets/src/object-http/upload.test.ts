import { silentLogger } from '@flowport/capabilities'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { PartReader } from './parts.ts'
import { partBytesFor, type PartOptions, type UploadTarget, uploadStream } from './upload.ts'

function streamOf(chunks: readonly Uint8Array<ArrayBuffer>[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  const left = chunks.values()
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull(controller) {
        const { done, value } = left.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
    },
    { highWaterMark: 0 },
  )
}

describe('PartReader', () => {
  it('cuts any chunks into equal parts and a last one, losing and doubling nothing', async () => {
    const chunk = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => new Uint8Array(bytes))
    await fc.assert(
      fc.asyncProperty(
        fc.array(chunk, { maxLength: 12 }),
        fc.integer({ min: 1, max: 50 }),
        fc.option(fc.integer({ min: 0, max: 400 }), { nil: undefined }),
        async (chunks, partBytes, size) => {
          const reader = new PartReader(streamOf(chunks), partBytes, size)
          const parts: number[][] = []
          for (;;) {
            const { bytes, last } = await reader.next()
            parts.push([...bytes])
            if (last) break
          }
          const all = chunks.flatMap((each) => [...each])
          expect(parts.flat()).toEqual(all)
          expect(parts.length).toBe(Math.max(1, Math.ceil(all.length / partBytes)))
          for (const part of parts.slice(0, -1)) expect(part).toHaveLength(partBytes)
        },
      ),
    )
  })
})

interface Fake {
  readonly calls: string[]
  readonly target: UploadTarget<
    number,
    { uploadPart(n: number): Promise<number>; abort(): Promise<void> },
    string
  >
}

function fake(fail: Partial<Record<string, Error>> = {}): Fake {
  const calls: string[] = []
  const step = async <T>(name: string, answer: T): Promise<T> => {
    calls.push(name)
    const error = fail[name]
    if (error !== undefined) throw error
    return answer
  }
  const upload = {
    uploadPart: (n: number) => step(`part ${n}`, n),
    abort: () => step('abort', undefined),
  }
  return {
    calls,
    target: {
      putWhole: (bytes) => step(`whole ${bytes.byteLength}`, 'whole'),
      begin: () => step('begin', upload),
      complete: (_, parts) => step(`complete ${parts.join()}`, 'parts'),
    },
  }
}

const chunks = (...sizes: number[]) => sizes.map((size) => new Uint8Array(size))
const options = { partBytes: 10, maxParts: 3, log: silentLogger }

describe('uploadStream', () => {
  it('puts what fits into one part whole, also when it just fits', async () => {
    for (const size of [0, 1, 9, 10]) {
      const { calls, target } = fake()
      expect(await uploadStream(streamOf(chunks(...(size === 0 ? [] : [size]))), target, options)).toBe(
        'whole',
      )
      expect(calls).toEqual([`whole ${size}`])
    }
  })

  it('uploads more in parts', async () => {
    const { calls, target } = fake()
    expect(await uploadStream(streamOf(chunks(7, 7, 7)), target, options)).toBe('parts')
    expect(calls).toEqual(['begin', 'part 1', 'part 2', 'part 3', 'complete 1,2,3'])
  })

  it('reads no further than the part in hand and a chunk, however slowly parts are taken', async () => {
    let pulled = 0
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        pull(controller) {
          if (pulled === 30) return controller.close()
          pulled += 3
          controller.enqueue(new Uint8Array(3))
        },
      },
      { highWaterMark: 0 },
    )
    const { target } = fake()
    const ahead: number[] = []
    const begin = async () => {
      const upload = await target.begin()
      const uploadPart = async (n: number) => {
        await new Promise((resolve) => setImmediate(resolve))
        ahead.push(pulled - n * 10)
        return upload.uploadPart(n)
      }
      return { ...upload, uploadPart }
    }
    await uploadStream(stream, { ...target, begin }, options)
    expect(ahead).toHaveLength(3)
    for (const bytes of ahead) expect(bytes).toBeLessThanOrEqual(3)
  })

  it('takes as many parts as there may be, and is LimitExceeded beyond, aborting', async () => {
    const { target } = fake()
    expect(await uploadStream(streamOf(chunks(30)), target, options)).toBe('parts')
    const { calls, target: other } = fake()
    const error = uploadStream(streamOf(chunks(31)), other, options)
    await expect(error).rejects.toMatchObject({
      kind: 'LimitExceeded',
      details: { limit: 'maxParts', max: 30 },
    })
    expect(calls.at(-1)).toBe('abort')
  })

  it.each(['part 1', 'part 2', 'complete 1,2'])(
    'aborts when "%s" fails, and says that nothing was applied unless the upload may be complete',
    async (name) => {
      const failure = new Error('broke')
      const { calls, target } = fake({ [name]: failure })
      const error: unknown = await uploadStream(streamOf(chunks(20)), target, options).catch(
        (e: unknown) => e,
      )
      if (name.startsWith('complete')) expect(error).toBe(failure)
      else expect(error).toMatchObject({ applied: 'no', cause: failure })
      expect(calls.at(-1)).toBe('abort')
    },
  )

  it('aborts when the stream fails midway, and when the signal fires', async () => {
    const failure = new Error('source broke')
    let pulls = 0
    const breaking = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        pulls += 1
        if (pulls > 3) controller.error(failure)
        else controller.enqueue(new Uint8Array(8))
      },
    })
    const { calls, target } = fake()
    await expect(uploadStream(breaking, target, options)).rejects.toMatchObject({
      applied: 'no',
      cause: failure,
    })
    expect(calls.at(-1)).toBe('abort')
    const { calls: others, target: other } = fake()
    const signal = AbortSignal.abort(failure)
    await expect(uploadStream(streamOf(chunks(20)), other, { ...options, signal })).rejects.toMatchObject({
      applied: 'no',
      cause: failure,
    })
    expect(others).toEqual(['begin', 'abort'])
  })

  it('holds no more parts than may be sent at the same time, and returns them in order', async () => {
    const buffers = new Set<ArrayBuffer>()
    let flying = 0
    let most = 0
    const { target } = fake()
    const landing: (() => void)[] = []
    const begin = async () => ({
      uploadPart: async (number: number, bytes: Uint8Array<ArrayBuffer>) => {
        buffers.add(bytes.buffer)
        most = Math.max(most, (flying += 1))
        const landed = new Promise<void>((resolve) => landing.push(resolve))
        // Nothing lands before as many are under way as there may be; then the last one first.
        if (flying === 3 || number === 20) for (const land of landing.splice(0).reverse()) land()
        await landed
        flying -= 1
        return number
      },
      abort: async () => undefined,
    })
    let told: readonly number[] = []
    const complete = async (_: unknown, parts: readonly number[]) => {
      told = parts
      return 'parts'
    }
    const many = { ...options, maxParts: 20, concurrency: 3 }
    await uploadStream(
      streamOf(chunks(...Array.from({ length: 40 }, () => 5))),
      { ...target, begin, complete },
      many,
    )
    expect(told).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
    expect(most).toBe(3)
    expect(buffers.size).toBeLessThanOrEqual(3)
  })

  it('stops the other parts when one fails, and aborts only when they have ended', async () => {
    const failure = new Error('part 2 broke')
    const events: string[] = []
    const { target } = fake()
    const begin = async () => ({
      uploadPart: (number: number, _: unknown, { signal }: PartOptions) =>
        new Promise<number>((_resolve, reject) => {
          if (number === 2) return setImmediate(() => reject(failure))
          return signal?.addEventListener('abort', () => {
            events.push(`part ${number} stopped`)
            setTimeout(() => {
              events.push(`part ${number} ended`)
              reject(signal.reason as Error)
            }, 20)
          })
        }),
      abort: async (cut: boolean) => void events.push(`abort, cut: ${cut}`),
    })
    // A source that gives no third part: the failure must not wait for it.
    const stuck = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => controller.enqueue(new Uint8Array(21)),
    })
    const upload = uploadStream(
      stuck,
      { ...target, begin, complete: async () => 'parts' },
      { ...options, concurrency: 3 },
    )
    await expect(upload).rejects.toMatchObject({ applied: 'no', cause: failure })
    expect(events).toEqual(['part 1 stopped', 'part 1 ended', 'abort, cut: true'])
  })

  it('lets go of the stream when it fails, and logs when it cannot abort', async () => {
    const cancelled = vi.fn()
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: (controller) => controller.enqueue(new Uint8Array(8)),
      cancel: cancelled,
    })
    const warn = vi.fn()
    const failure = new Error('part failed')
    const { target } = fake({ 'part 1': failure, abort: new Error('abort failed') })
    await expect(uploadStream(stream, target, { ...options, log: { warn } })).rejects.toMatchObject({
      applied: 'no',
      cause: failure,
    })
    expect(cancelled).toHaveBeenCalledWith(expect.objectContaining({ cause: failure }))
    expect(warn).toHaveBeenCalledWith(
      { err: expect.objectContaining({ message: 'abort failed' }) },
      expect.any(String),
    )
  })
})

describe('partBytesFor', () => {
  it('is what was asked for until there would be too many parts', () => {
    const mebibyte = 1024 * 1024
    expect(partBytesFor(undefined, 8 * mebibyte, 10_000)).toBe(8 * mebibyte)
    expect(partBytesFor(80_000 * mebibyte, 8 * mebibyte, 10_000)).toBe(8 * mebibyte)
    expect(partBytesFor(80_000 * mebibyte + 1, 8 * mebibyte, 10_000)).toBe(9 * mebibyte)
    expect(
      Math.ceil((5 * 1024 ** 4) / partBytesFor(5 * 1024 ** 4, 8 * mebibyte, 10_000)),
    ).toBeLessThanOrEqual(10_000)
  })
})
