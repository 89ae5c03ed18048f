/** Passes a byte stream on at its reader's pace and sees to it that it ends well: length, limit, signal, cleaning up. */
import { CapabilityError, isCapabilityError } from '../error.ts'
import { brokenStream, cancelledRead, checkUnlocked, tooLong } from '../stream.ts'
import type { Place } from './checks.ts'

export interface StreamRules {
  readonly where: Place
  /** Bytes there must be. The last of them are handed on only once the source has ended just there. */
  readonly length?: number | undefined
  /** The error when there are other than `length` bytes. */
  readonly wrongLength: (seen: number) => CapabilityError
  /** Default no limit. */
  readonly maxBytes?: number
  /** Told the bytes handed on so far. */
  readonly onBytes?: ((seen: number) => void) | undefined
  /** Whether a reader that lets go before the first byte leaves the source usable for the next `open`. */
  readonly reopenable?: boolean
}

/** One source, wrapped. `touched` says whether any of it was asked for. */
export class GuardedStream {
  touched = false
  /** What went wrong with the bytes, whatever a driver makes of it. */
  failure: CapabilityError | undefined
  readonly #rules: StreamRules
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  #release: (() => void) | undefined

  constructor(source: ReadableStream<Uint8Array>, rules: StreamRules) {
    checkUnlocked(source, rules.where)
    this.#rules = rules
    this.#reader = source.getReader()
  }

  /** The stream to hand on. It errors with `Cancelled` when the signal fires. */
  open(signal: AbortSignal | undefined): ReadableStream<Uint8Array<ArrayBuffer>> {
    const { where } = this.#rules
    let seen = 0
    let open = true
    let target: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>
    const onAbort = () => fail(cancelledRead(signal as AbortSignal, where))
    const close = () => {
      open = false
      signal?.removeEventListener('abort', onAbort)
    }
    const fail = (error: CapabilityError) => {
      if (!open) return
      close()
      this.failure = error
      target.error(error)
      letGo(error)
    }
    const letGo = (reason: unknown) => {
      if (this.touched || this.#rules.reopenable !== true) this.#cancelSource(reason)
    }
    this.#release?.()
    this.failure = undefined
    this.#release = () =>
      fail(new CapabilityError('Cancelled', 'the stream was let go before its end', where))
    return new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        start: (controller) => {
          target = controller
          if (signal?.aborted) onAbort()
          else signal?.addEventListener('abort', onAbort, { once: true })
        },
        pull: async (controller) => {
          try {
            const chunk = await this.#next(seen)
            if (!open) return
            if (chunk !== null) {
              seen += chunk.byteLength
              this.#rules.onBytes?.(seen)
              controller.enqueue(chunk)
            }
            if (chunk === null || seen === this.#rules.length) {
              close()
              controller.close()
            }
          } catch (error) {
            fail(isCapabilityError(error) ? error.at(where) : brokenStream(error, where))
          }
        },
        cancel: (reason) => {
          if (!open) return
          close()
          letGo(reason)
        },
      },
      { highWaterMark: 0 },
    )
  }

  /** Lets go of whatever was not read. Without effect after the end. */
  release(): void {
    this.#release?.()
    this.#cancelSource(undefined)
    this.#reader.releaseLock()
  }

  /** The next bytes, checked; `null` at the end. */
  async #next(seen: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const { length, maxBytes = Infinity, where, wrongLength } = this.#rules
    const chunk = await this.#read()
    const now = seen + (chunk?.byteLength ?? 0)
    if (now > maxBytes) throw tooLong(maxBytes, where)
    if (length === undefined) return chunk
    if (now > length || (chunk === null && now < length)) throw wrongLength(now)
    if (chunk !== null && now === length) {
      const more = await this.#read()
      if (more !== null) throw wrongLength(now + more.byteLength)
    }
    return chunk
  }

  async #read(): Promise<Uint8Array<ArrayBuffer> | null> {
    this.touched = true
    for (;;) {
      const { done, value } = await this.#reader.read()
      if (done) return null
      if (!(value instanceof Uint8Array)) {
        throw new CapabilityError('InvalidInput', 'a body stream yields Uint8Array chunks', this.#rules.where)
      }
      if (value.byteLength > 0) return owned(value)
    }
  }

  #cancelSource(reason: unknown): void {
    this.#reader.cancel(reason).catch(() => undefined)
  }
}

/** The same bytes, off shared memory. */
function owned(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  return chunk.buffer instanceof ArrayBuffer ? (chunk as Uint8Array<ArrayBuffer>) : new Uint8Array(chunk)
}
