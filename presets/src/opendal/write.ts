/** Writes an object whole or not at all: in one request when it is small, in parts when it is not, beside and renamed on file systems. */
import type { Metadata, Operator, WriteOptions, Writer } from 'opendal'
import { beforeApplying, cancelledRead, checkUnlocked, collect } from '@flowport/capabilities'
import { overTries } from './applied.ts'
import { clearFolder } from './clear-folder.ts'
import { native, toPlace } from './native.ts'
import type { Place } from './place.ts'
import { stagingFolder } from './staging.ts'

export interface Writing {
  readonly operator: Operator
  readonly path: string
  /** Goes before the content. */
  readonly header: Uint8Array
  readonly options: WriteOptions
  readonly where: Place
  readonly signal: AbortSignal | undefined
  /** Whether a write shows before it is whole, so that it is written beside and renamed. */
  readonly staged: boolean
  /** Whether a folder may be at the path of the object. */
  readonly meetsFolders: boolean
  /** Most bytes to hold of a stream that is sent in one request; more goes out in parts. */
  readonly heldBytes: number
  /** When given, the body goes out in one request, and is `LimitExceeded` past these bytes. */
  readonly oneRequestBytes: number | undefined
  /** Bytes of each part. */
  readonly chunkBytes: number
  readonly maxObjectBytes: number
  /** Removes what the service keeps of an upload that was not finished. */
  readonly cleanUp: () => Promise<void>
  /** Receives work that goes on after the call has ended. */
  readonly later: (work: Promise<void>) => void
}

export interface Written {
  /** Bytes of the content. */
  readonly size: number
  /** The answer of the service to a single request. */
  readonly answer: Metadata | null
}

/** Pieces are collected to this size: small ones are slow. */
const pieceBytes = 1024 * 1024

/** Writes the body. When it fails, or the signal fires, the object that was there before stays. */
export async function write(
  writing: Writing,
  body: Uint8Array | ReadableStream<Uint8Array>,
): Promise<Written> {
  // Copied now: OpenDAL reads the bytes on another thread, even after the call was given up.
  const source = body instanceof Uint8Array ? joined(writing.header, body) : body
  const { operator, path, where, signal } = writing
  if (!writing.staged) return overTries(operator, 1, () => new Upload(writing, path).run(source))
  const temporary = `${stagingFolder}${crypto.randomUUID()}`
  const upload = new Upload(writing, temporary)
  try {
    const written = await beforeApplying(async () => {
      const whole = await upload.run(source)
      if (signal?.aborted) throw cancelledRead(signal, toPlace(where))
      if (writing.meetsFolders) await clearFolder(operator, path, where)
      return whole
    })
    // Not given up: whether the object is there must be known.
    await overTries(operator, 1, () => native(() => operator.rename(temporary, path), where, undefined))
    return { ...written, answer: null }
  } catch (error) {
    const removed = upload.settled().then(() => native(() => operator.delete(temporary), where, undefined))
    writing.later(removed)
    if (!signal?.aborted) await removed.catch(() => undefined)
    throw error
  }
}

/** One upload to one path. */
class Upload {
  readonly #writing: Writing
  readonly #path: string
  /** The current call of OpenDAL, which goes on after its caller has gone. */
  #call: Promise<unknown> = Promise.resolve()

  constructor(writing: Writing, path: string) {
    this.#writing = writing
    this.#path = path
  }

  async run(source: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>): Promise<Written> {
    if (!(source instanceof Uint8Array)) return this.#stream(source)
    return this.#whole(source)
  }

  /** Resolves when nothing of it is under way any more. */
  async settled(): Promise<void> {
    await this.#call.catch(() => undefined)
  }

  async #whole(bytes: Uint8Array<ArrayBuffer>): Promise<Written> {
    const { operator, header, options } = this.#writing
    const answer = await this.#native(() =>
      operator.write(this.#path, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), options),
    )
    return { size: bytes.byteLength - header.byteLength, answer }
  }

  async #stream(source: ReadableStream<Uint8Array>): Promise<Written> {
    const { operator, header, where, signal, heldBytes, maxObjectBytes } = this.#writing
    const place = toPlace(where)
    const { oneRequestBytes = maxObjectBytes } = this.#writing
    if (this.#writing.oneRequestBytes !== undefined || !operator.capability().writeCanMulti) {
      const bytes = await beforeApplying(() => collect(source, oneRequestBytes, place, signal))
      return this.#whole(joined(header, bytes))
    }
    checkUnlocked(source, place)
    const reader = source.getReader()
    const onAbort = () => void reader.cancel(signal?.reason).catch(() => undefined)
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted) onAbort()
    let writer: Writer | undefined
    let size = 0
    try {
      const held = new Held(header, heldBytes)
      for (;;) {
        const { done, value } = await reader.read()
        if (signal?.aborted) throw cancelledRead(signal, place)
        if (done) break
        size += value.byteLength
        for (let at = 0; at < value.byteLength; ) {
          at += held.take(value.subarray(at))
          if (!held.full) continue
          writer ??= await this.#open()
          await this.#send(writer, held.bytes())
          held.clear()
        }
      }
      if (writer === undefined) return { ...(await this.#whole(held.bytes())), size }
      if (held.length > 0) await this.#send(writer, held.bytes())
      const last = writer
      await this.#native(() => last.close())
      return { size, answer: null }
    } catch (error) {
      onAbortDone()
      reader.cancel(error).catch(() => undefined)
      if (writer !== undefined) await this.#abandon()
      throw error
    } finally {
      onAbortDone()
      reader.releaseLock()
    }

    function onAbortDone() {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  #open(): Promise<Writer> {
    const { operator, options, chunkBytes } = this.#writing
    const least = Number(operator.capability().writeMultiMinSize ?? 0n)
    // Without a size each write would be a separate part, and Azure takes 50 000 of them.
    const parts = this.#writing.staged ? {} : { chunk: BigInt(Math.max(chunkBytes, least)) }
    // One at a time: with more under way OpenDAL 0.49.2 keeps all that were sent until the end, 1 GiB of 1 GiB.
    return this.#native(() => operator.writer(this.#path, { ...options, ...parts }))
  }

  /** The bytes are held until OpenDAL has taken them: it reads them on another thread. */
  #send(writer: Writer, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#native(() => writer.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)))
  }

  /** The binding cannot abort an upload: `cleanUp` removes its remains at the service. */
  async #abandon(): Promise<void> {
    const { cleanUp, later, signal } = this.#writing
    const cleaned = this.settled().then(cleanUp)
    later(cleaned)
    // The caller gets the failure of the put; a failed removal is only logged.
    if (!signal?.aborted) await cleaned.catch(() => undefined)
  }

  #native<T>(call: () => Promise<T>): Promise<T> {
    const { where, signal } = this.#writing
    const running = native(
      () => {
        const made = call()
        this.#call = made
        return made
      },
      where,
      signal,
    )
    return running
  }
}

/** Bytes of a stream until there are enough to send. Used again after each sending. */
class Held {
  readonly #most: number
  #buffer: Uint8Array<ArrayBuffer>
  length = 0

  constructor(header: Uint8Array, most: number) {
    this.#most = Math.max(most, header.byteLength + 1)
    this.#buffer = new Uint8Array(Math.min(pieceBytes, this.#most))
    this.take(header)
  }

  get full(): boolean {
    return this.length === this.#most
  }

  /** Takes the bytes that fit, and returns their number. */
  take(bytes: Uint8Array): number {
    const taken = Math.min(bytes.byteLength, this.#most - this.length)
    const needed = this.length + taken
    if (needed > this.#buffer.byteLength) {
      const larger = new Uint8Array(Math.min(this.#most, Math.max(needed, 2 * this.#buffer.byteLength)))
      larger.set(this.#buffer.subarray(0, this.length))
      this.#buffer = larger
    }
    this.#buffer.set(bytes.subarray(0, taken), this.length)
    this.length = needed
    return taken
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.length)
  }

  clear(): void {
    this.length = 0
  }
}

function joined(header: Uint8Array, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(header.byteLength + content.byteLength)
  bytes.set(header)
  bytes.set(content, header.byteLength)
  return bytes
}
