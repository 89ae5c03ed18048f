/** Watches one request body with its own timer, because on Workers a timer belongs to a request and cannot be shared. */
import { BodyPace, type CheckedBodyLimits } from '@flowport/flow/http'

/** Milliseconds between two checks of an upload. */
const lookMs = 1_000

/**
 * Counts an upload's bytes and the time spent waiting for its client. Calls `refuse` one time, when the upload is too slow or
 * takes too long. Call `stop` when the upload is no longer read.
 */
export class WatchedUpload {
  readonly #pace: BodyPace
  readonly #refuse: (error: Error) => void
  #timer: ReturnType<typeof setInterval> | undefined
  #bytes = 0
  #waitedMs = 0
  #waitingSince: number | undefined

  constructor(limits: CheckedBodyLimits, refuse: (error: Error) => void) {
    this.#pace = new BodyPace(limits, 'upload')
    this.#refuse = refuse
  }

  /** Call before waiting for the next chunk. */
  waits(): void {
    this.#waitingSince = Date.now()
    this.#timer ??= setInterval(() => this.#look(), lookMs)
  }

  /** Call when a chunk has arrived. */
  arrived(bytes: number): void {
    this.#bytes += bytes
    this.#count()
    this.#waitingSince = undefined
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const isWaiting = this.#waitingSince !== undefined
    this.#count()
    const refusal = this.#pace.arrived(this.#bytes, this.#waitedMs)
    this.#bytes = 0
    this.#waitedMs = 0
    // Only a waiting read can be refused. Without one, the next read shows whether the client still sends.
    if (refusal === undefined || !isWaiting) return
    this.stop()
    this.#refuse(refusal)
  }

  #count(): void {
    if (this.#waitingSince === undefined) return
    const now = Date.now()
    this.#waitedMs += now - this.#waitingSince
    this.#waitingSince = now
  }
}

/** Calls `refuse` when a JSON body is not complete in time, unless the returned function is called first. */
export function whenLate(limits: CheckedBodyLimits, refuse: (error: Error) => void): () => void {
  const timer = setTimeout(() => {
    const late = new BodyPace(limits, 'json').arrived(0, limits.jsonTimeoutMs)
    if (late !== undefined) refuse(late)
  }, limits.jsonTimeoutMs)
  return () => clearTimeout(timer)
}
