/**
 * Reads what an answer holds, and goes on with a new request where a connection breaks: guarded by the etag, so that two
 * versions never mix; counted, so that a body of another length is not taken for the object; and compared with the
 * checksum where the store told one.
 */
import { CapabilityError, type Clock, isCapabilityError, retryPause } from '@flowport/capabilities'
import { systemRng } from '@flowport/capabilities/system'
import type { RunningDigest } from './digests.ts'
import { networkError } from '../s3/translate-error.ts'
import type { S3Answer } from './transport.ts'

export interface ReadPlan {
  /**
   * Asks for the bytes from here to the end of the same version. `null` where the version cannot be named; resolves
   * `null` where the store cannot begin there.
   */
  readonly from: ((offset: number) => Promise<S3Answer | null>) | null
  /** Bytes there must be. */
  readonly length: number
  readonly checksum?: Checksum | undefined
  readonly tries: Tries
  readonly signal: AbortSignal | undefined
}

export interface Checksum {
  readonly running: RunningDigest
  readonly expected: Uint8Array
}

/** How often a broken transfer is gone on with. Any byte that arrives resets the count of tries. */
export interface Tries {
  /** Tries after the first. */
  readonly more: number
  /** Waits between them. Without one, tries follow without a pause. */
  readonly clock: Pick<Clock, 'sleep'> | undefined
}

/** A body that survives broken connections, at its reader's pace. */
export function resumedStream(first: S3Answer, plan: ReadPlan): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reading = new Reading(first.stream().getReader(), plan)
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        try {
          const chunk = await reading.next()
          if (chunk !== null) controller.enqueue(chunk)
          if (reading.done) controller.close()
        } catch (error) {
          controller.error(error)
        }
      },
      cancel: (reason) => reading.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}

/** All of a small body. */
export async function resumedBytes(first: S3Answer, plan: ReadPlan): Promise<Uint8Array<ArrayBuffer>> {
  const whole = await first.bytes().catch((error: unknown) => {
    if (!mayGoOn(plan)) throw networkError(error)
    return null
  })
  if (whole?.byteLength === plan.length) {
    plan.checksum?.running.update(whole)
    verify(plan.checksum)
    return whole
  }
  if (whole !== null && whole.byteLength > plan.length) throw longer(plan.length)
  if (!mayGoOn(plan)) throw shorter(whole?.byteLength ?? 0, plan.length)
  const bytes = new Uint8Array(plan.length)
  const reading = new Reading(null, plan)
  for (let at = 0; !reading.done; ) {
    const chunk = await reading.next()
    if (chunk === null) break
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}

class Reading {
  readonly #plan: ReadPlan
  #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | null
  #seen = 0
  #failures = 0
  /** Why the reader has to go on. */
  #broken: Error | undefined

  constructor(reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | null, plan: ReadPlan) {
    this.#plan = plan
    this.#reader = reader
    if (reader === null) this.#failures = 1
  }

  get done(): boolean {
    return this.#seen === this.#plan.length
  }

  /** The next bytes; `null` at the end. */
  async next(): Promise<Uint8Array<ArrayBuffer> | null> {
    const { length, checksum, signal } = this.#plan
    for (;;) {
      try {
        this.#reader ??= await this.#reopened()
        const { done, value } = await this.#reader.read()
        if (!done) {
          if (value.byteLength === 0) continue
          if (this.#seen + value.byteLength > length) throw longer(length)
          this.#seen += value.byteLength
          this.#failures = 0
          checksum?.running.update(value)
          // The last bytes are handed on once it is known that they are the right ones, and no more follow.
          if (this.done) await this.#finish(this.#reader)
          return value
        }
        if (this.done) return null
        throw shorter(this.#seen, length)
      } catch (error) {
        const failure = networkError(error)
        this.cancel(failure)
        if (!mayGoOn(this.#plan) || !isTemporary(failure)) throw failure
        this.#broken ??= failure instanceof Error ? failure : undefined
        this.#failures += 1
        if (this.#failures > this.#plan.tries.more) throw failure
        await pause(this.#plan.tries, this.#failures, failure, signal)
      }
    }
  }

  cancel(reason: unknown): void {
    // A broken stream rejects `cancel`.
    this.#reader?.cancel(reason).catch(() => undefined)
    this.#reader = null
  }

  async #finish(reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>): Promise<void> {
    verify(this.#plan.checksum)
    // Everything is here: how the connection ends is of no interest, unless there is more.
    const more = await reader.read().catch(() => null)
    if (more?.value !== undefined && more.value.byteLength > 0) throw longer(this.#plan.length)
  }

  async #reopened(): Promise<ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>> {
    const answer = await this.#plan.from?.(this.#seen)
    if (answer) return answer.stream().getReader()
    // The read cannot be resumed: throws the first failure.
    this.#failures = Infinity
    throw this.#broken ?? shorter(this.#seen, this.#plan.length)
  }
}

/**
 * Waits before a transfer is gone on with: a little longer each time, on top of what the store asked for.
 * @throws `failure` where the store asks for more than a minute.
 */
export async function pause(
  { clock }: Tries,
  failures: number,
  failure: unknown,
  signal: AbortSignal | undefined,
): Promise<void> {
  const askedMs = isCapabilityError(failure) ? failure.retryAfterMs : undefined
  if (askedMs !== undefined && askedMs > longestAskedMs) throw failure
  const random = systemRng.float()
  const ms = retryPause({ attempt: failures, baseMs: firstPauseMs, maxMs: longestPauseMs, askedMs, random })
  await clock?.sleep(ms, signal === undefined ? {} : { signal })
}

function mayGoOn({ from, tries, signal }: ReadPlan): boolean {
  return from !== null && tries.more > 0 && signal?.aborted !== true
}

/** Whether the same request may work in a moment. */
export function isTemporary(error: unknown): boolean {
  return isCapabilityError(error) && error.retryable === 'temporary' && error.kind !== 'Corrupt'
}

function verify(checksum: Checksum | undefined): void {
  if (checksum === undefined) return
  const found = checksum.running.digest()
  if (found.every((byte, i) => byte === checksum.expected[i])) return
  throw new CapabilityError('Corrupt', 'the bytes do not match the checksum of the store; read them again', {
    retryable: 'temporary',
  })
}

function shorter(seen: number, length: number): CapabilityError {
  return new CapabilityError(
    'Unavailable',
    `the object ended after ${seen} of ${length} bytes; read it again`,
  )
}

function longer(length: number): CapabilityError {
  return new CapabilityError('Corrupt', `the object has more than its ${length} bytes`)
}

const firstPauseMs = 100
const longestPauseMs = 10_000
/** As for the retry layer. */
const longestAskedMs = 60_000
