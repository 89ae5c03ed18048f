/** Watches one request body with one timer: a timer belongs to its request on Workers, so that none is shared. */
import { BodyPace, type CheckedBodyLimits } from '@flowport/flow/http'

/** Milliseconds between two looks at an upload. */
const lookMs = 1_000

/**
 * Counts an upload's bytes and the time its client is waited for. `refuse` is called once, when it is too slow or takes too
 * long. Call `stop` when nothing of it is read any more.
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

  /** The next chunk is waited for, from now on. */
  waits(): void {
    this.#waitingSince = Date.now()
    this.#timer ??= setInterval(() => this.#look(), lookMs)
  }

  /** A chunk has come. */
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
    // Only a read that waits can be refused; the next one shows that the client is there.
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

/** Calls `refuse` once when a JSON body is not whole in time, unless the returned function is called before. */
export function whenLate(limits: CheckedBodyLimits, refuse: (error: Error) => void): () => void {
  const timer = setTimeout(() => {
    const late = new BodyPace(limits, 'json').arrived(0, limits.jsonTimeoutMs)
    if (late !== undefined) refuse(late)
  }, limits.jsonTimeoutMs)
  return () => clearTimeout(timer)
}
