/** An opened object as its caller sees it: read once, in one form, with its bytes counted on the way. */
import { asyncDispose } from '../async-dispose.ts'
import { CapabilityError } from '../error.ts'
import { cancelledRead } from '../stream.ts'
import type { Place } from './checks.ts'
import type { BlobHandle, BlobObject, BlobProgressListener } from './contract.ts'
import type { OpenedBlob } from './driver.ts'
import { GuardedStream } from './guarded-stream.ts'

export class PortableBlobHandle implements BlobHandle {
  readonly object: BlobObject
  readonly start: number
  readonly end: number
  readonly #body: OpenedBlob['body']
  readonly #where: Place
  readonly #signal: AbortSignal | undefined
  readonly #onProgress: BlobProgressListener | undefined
  #used = false
  #guarded: GuardedStream | undefined

  constructor(
    { object, start, end, body }: OpenedBlob,
    where: Place,
    signal: AbortSignal | undefined,
    onProgress?: BlobProgressListener,
  ) {
    this.object = object
    this.start = start
    this.end = end
    this.#body = body
    this.#where = where
    this.#signal = signal
    this.#onProgress = onProgress
  }

  async text(): Promise<string> {
    return decoder.decode(await this.bytes())
  }

  async json(): Promise<unknown> {
    const text = await this.text()
    try {
      return JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text) as unknown
    } catch (cause) {
      throw new CapabilityError('Corrupt', 'the object is not JSON; read it as text or bytes', {
        ...this.#where,
        cause,
      })
    }
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    this.#use()
    if (this.#body instanceof Uint8Array) {
      this.#onProgress?.({ bytes: this.#body.byteLength, total: this.end - this.start })
      return this.#body
    }
    const bytes = new Uint8Array(this.end - this.start)
    const reader = this.#guard(this.#body).getReader()
    let offset = 0
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      bytes.set(read.value, offset)
      offset += read.value.byteLength
    }
    return bytes
  }

  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.#use()
    return this.#guard(this.#body instanceof Uint8Array ? piecewise(this.#body) : this.#body)
  }

  async cancel(): Promise<void> {
    if (this.#guarded !== undefined) return this.#guarded.release()
    if (this.#used) return
    this.#used = true
    if (!(this.#body instanceof Uint8Array)) await this.#body.cancel()
  }

  [asyncDispose](): Promise<void> {
    return this.cancel()
  }

  #use(): void {
    if (this.#used) {
      throw new CapabilityError(
        'InvalidInput',
        'this object has been read or cancelled: get it again',
        this.#where,
      )
    }
    this.#used = true
    if (this.#signal?.aborted) {
      if (!(this.#body instanceof Uint8Array)) this.#body.cancel(this.#signal.reason).catch(() => undefined)
      throw cancelledRead(this.#signal, this.#where)
    }
  }

  #guard(body: ReadableStream<Uint8Array<ArrayBuffer>>): ReadableStream<Uint8Array<ArrayBuffer>> {
    const length = this.end - this.start
    this.#guarded = new GuardedStream(body, {
      where: this.#where,
      length,
      onBytes: this.#onProgress && ((bytes) => this.#onProgress?.({ bytes, total: length })),
      wrongLength: (seen) =>
        seen < length
          ? new CapabilityError(
              'Unavailable',
              `the object ended after ${seen} of ${length} bytes; read it again`,
              {
                ...this.#where,
              },
            )
          : new CapabilityError('Corrupt', `the object has more than its ${length} bytes`, this.#where),
    })
    return this.#guarded.open(this.#signal)
  }
}

/** 64 KiB at a time, so that a slow reader of a large array is seen as one. */
export function piecewise(
  bytes: Uint8Array<ArrayBuffer>,
  step = 65_536,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let offset = 0
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull(controller) {
        if (offset < bytes.byteLength) controller.enqueue(bytes.slice(offset, offset + step))
        offset += step
        if (offset >= bytes.byteLength) controller.close()
      },
    },
    { highWaterMark: 0 },
  )
}

// A byte order mark belongs to the text, as in a key-value store.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
