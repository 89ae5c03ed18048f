/** Stores a stream in one put when it fits into a part, else as a multipart upload that leaves nothing when it fails. */
import { anySignal, beforeApplying, CapabilityError, type Logger } from '@flowport/capabilities'
import type { RunningDigest } from './digests.ts'
import { type Part, PartReader } from './parts.ts'

/** Options of one part. */
export interface PartOptions {
  /** Fires when the upload has failed elsewhere. */
  readonly signal?: AbortSignal | undefined
  /** SHA-256 of the bytes, where it is known. */
  readonly sha256?: Uint8Array | undefined
}

/** An upload in parts that has begun. */
export interface MultipartUpload<P> {
  /** Numbers count from 1. The bytes may be used again once it has resolved. */
  uploadPart(number: number, bytes: Uint8Array<ArrayBuffer>, options: PartOptions): Promise<P>
  /** @param cut Whether parts were cut off on their way, which may still arrive. */
  abort(cut: boolean): Promise<void>
}

/** How one store takes what `uploadStream` reads. */
export interface UploadTarget<P, U extends MultipartUpload<P>, R> {
  /** Stores a body that fits into one part. */
  putWhole(bytes: Uint8Array<ArrayBuffer>, sha256: Uint8Array | undefined): Promise<R>
  /** Begins an upload in parts, or refuses: the body is longer than one part. */
  begin(): Promise<U>
  complete(upload: U, parts: readonly P[]): Promise<R>
}

export interface UploadOptions {
  /** Bytes of every part but the last. */
  readonly partBytes: number
  /** Most parts the store takes. */
  readonly maxParts: number
  /** Parts in memory at a time, being read or sent: together they hold this many times `partBytes`. Default 1. */
  readonly concurrency?: number
  /** Length of the stream where it is known. */
  readonly size?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Takes the SHA-256 of each part while it is read. Default none is taken. */
  readonly digest?: (() => RunningDigest) | undefined
  /** Told when an upload could not be aborted, so that its parts stay until the store's own clean-up. */
  readonly log: Pick<Logger, 'warn'>
}

/**
 * Reads the stream at the store's pace. Nobody sees parts: what fails before `putWhole` or `complete` says that nothing was
 * applied.
 */
export async function uploadStream<P, U extends MultipartUpload<P>, R>(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  target: UploadTarget<P, U, R>,
  options: UploadOptions,
): Promise<R> {
  const { partBytes, size, digest, signal, log } = options
  const reader = new PartReader(stream, partBytes, size, digest)
  try {
    const first = await beforeApplying(() => reader.next())
    if (first.last) return await target.putWhole(first.bytes, first.sha256)
    const upload = await beforeApplying(() => target.begin())
    const flight = new PartsInFlight(upload, reader, signal)
    try {
      const parts = await beforeApplying(async () => {
        const sent = await sendAll(reader, first, flight, options)
        signal?.throwIfAborted()
        return sent
      })
      return await target.complete(upload, parts)
    } catch (error) {
      // None of them may arrive after the upload is gone.
      const cut = await flight.stop(error)
      await upload.abort(cut).catch((failure: unknown) => {
        log.warn(
          { err: failure },
          'a failed multipart upload could not be aborted; the store keeps its parts for now',
        )
      })
      throw error
    }
  } catch (error) {
    reader.cancel(error)
    throw error
  }
}

async function sendAll<P>(
  reader: PartReader,
  first: Part,
  flight: PartsInFlight<P>,
  { partBytes, maxParts, concurrency = 1, signal }: UploadOptions,
): Promise<readonly P[]> {
  let count = 0
  for (let part = first; ; part = await flight.unlessBroken(reader.next())) {
    signal?.throwIfAborted()
    if (count === maxParts) throw tooManyParts(partBytes, maxParts)
    count += 1
    flight.send(count, part)
    if (part.last) return flight.landed()
    // Before the next part is read there is a buffer for it.
    await flight.below(concurrency)
  }
}

/** The parts that are being sent. The first that fails stops all. */
class PartsInFlight<P> {
  readonly #upload: MultipartUpload<P>
  readonly #reader: PartReader
  readonly #parts: P[] = []
  readonly #flying = new Set<Promise<void>>()
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal | undefined
  readonly #broken: Promise<never>
  #failure: { readonly error: unknown } | undefined

  constructor(upload: MultipartUpload<P>, reader: PartReader, signal: AbortSignal | undefined) {
    this.#upload = upload
    this.#reader = reader
    this.#signal = anySignal(signal, this.#stop.signal)
    this.#broken = new Promise((_, reject) => {
      this.#stop.signal.addEventListener('abort', () => reject(this.#failure?.error), { once: true })
    })
    this.#broken.catch(() => undefined)
  }

  send(number: number, part: Part): void {
    const options = { signal: this.#signal, sha256: part.sha256 }
    const task: Promise<void> = this.#upload
      .uploadPart(number, part.bytes, options)
      .then(
        (sent) => {
          this.#parts[number - 1] = sent
          this.#reader.release(part)
        },
        (error: unknown) => this.#fail(error),
      )
      .finally(() => this.#flying.delete(task))
    this.#flying.add(task)
  }

  /** Waits until fewer than this many are being sent. */
  async below(count: number): Promise<void> {
    while (this.#flying.size >= count) await Promise.race(this.#flying)
    this.#throwFailure()
  }

  /** All parts, when the last has arrived. */
  async landed(): Promise<readonly P[]> {
    await this.below(1)
    return this.#parts
  }

  /** Waits, and rejects as soon as a part fails: a slow source must not hide that. */
  unlessBroken<T>(wait: Promise<T>): Promise<T> {
    return Promise.race([wait, this.#broken])
  }

  /** Stops what is being sent and waits for its end. Resolves whether there was any. */
  async stop(reason: unknown): Promise<boolean> {
    const cut = this.#failure !== undefined || this.#flying.size > 0
    this.#fail(reason)
    await Promise.all(this.#flying)
    return cut
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#stop.abort(error)
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }
}

/** The part size for a body of `size` bytes: `partBytes`, or more where the store would need too many parts. */
export function partBytesFor(size: number | undefined, partBytes: number, maxParts: number): number {
  if (size === undefined) return partBytes
  const needed = Math.ceil(size / maxParts)
  return needed <= partBytes ? partBytes : Math.ceil(needed / mebibyte) * mebibyte
}

/** The error for a body that needs parts where its condition could not be kept. */
export function tooLongForCondition(maxBytes: number, advice: string): CapabilityError {
  return new CapabilityError(
    'LimitExceeded',
    `a conditional put of a stream is held in memory up to ${maxBytes} bytes, and this one is longer; ${advice}`,
    { details: { limit: 'conditional stream', max: maxBytes } },
  )
}

function tooManyParts(partBytes: number, maxParts: number): CapabilityError {
  const max = partBytes * maxParts
  return new CapabilityError(
    'LimitExceeded',
    `a stream of unknown length is stored up to ${max} bytes, ${maxParts} parts of ${partBytes}; give its size, or raise partBytes`,
    { details: { limit: 'maxParts', max } },
  )
}

const mebibyte = 1024 * 1024
