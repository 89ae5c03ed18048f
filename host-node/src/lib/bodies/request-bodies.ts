/** The request bodies that a server is receiving: none may be too slow, and together they may not fill its memory. */
import { type Linked, LinkedList } from '@flowport/capabilities'
import {
  BodyPace,
  type BodyLimits,
  type CheckedBodyLimits,
  checkedBodyLimits,
  tooManyBodies,
} from '@flowport/flow/http'
import type { IncomingMessage } from 'node:http'

/** Milliseconds between two looks at the bodies that are arriving. */
const sweepMs = 1_000

/** One body that is arriving. */
export interface Arriving {
  readonly raw: IncomingMessage
  readonly kind: 'json' | 'upload'
  /** Bytes of it that are kept in memory until it is whole. */
  held: number
  /** Refuses it. Called at most once. */
  readonly refuse: (error: Error) => void
}

interface Entry extends Arriving, Linked<Entry> {
  /** Made at the first look: most bodies are whole before it. */
  look: Look | undefined
}

interface Look {
  readonly pace: BodyPace
  bytes: number
  at: number
}

export class RequestBodies {
  readonly #limits: CheckedBodyLimits
  readonly #now: () => number
  /** In the order in which they began. */
  readonly #arriving = new LinkedList<Entry>()
  #held = 0
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(limits?: BodyLimits, now: () => number = () => performance.now()) {
    this.#limits = checkedBodyLimits(limits)
    this.#now = now
  }

  /** Bytes of unfinished bodies that are kept in memory. */
  get heldBytes(): number {
    return this.#held
  }

  /** Watches a body until `ended` is called with what this returns. */
  begin({ raw, kind, held, refuse }: Arriving): Entry {
    const entry: Entry = { raw, kind, held, refuse, look: undefined, previous: undefined, next: undefined }
    this.#arriving.add(entry)
    this.#timer ??= setInterval(() => this.sweep(), sweepMs).unref()
    return entry
  }

  /** Counts bytes that are kept. Refuses the body that has been arriving for the longest while there are too many. */
  hold(entry: Entry, bytes: number): void {
    entry.held += bytes
    this.#held += bytes
    if (this.#held > this.#limits.maxHeldBytes) this.#makeRoom()
  }

  /** Forgets a body that is whole, refused or broken off. */
  ended(entry: Entry): void {
    if (!this.#arriving.remove(entry)) return
    this.#held -= entry.held
  }

  /** Refuses the bodies that are too slow. */
  sweep(): void {
    if (this.#arriving.size === 0) return this.#stop()
    const now = this.#now()
    for (const entry of this.#arriving) {
      const { raw, look } = entry
      if (raw.complete) continue
      const bytes = bytesReadOf(raw)
      // Nothing is measured before the first look, so that a body which is whole by then costs nothing.
      if (look === undefined) {
        entry.look = { pace: new BodyPace(this.#limits, entry.kind), bytes, at: now }
        continue
      }
      // Bytes that wait to be read: the flow or its store is the slower one.
      const isOurs = raw.readableLength > 0
      const refusal = look.pace.arrived(bytes - look.bytes, isOurs ? 0 : now - look.at)
      look.bytes = bytes
      look.at = now
      if (refusal !== undefined) this.#refuse(entry, refusal)
    }
  }

  /** Refuses every body that is still arriving: the server closes. */
  close(reason: Error): void {
    for (const entry of this.#arriving) this.#refuse(entry, reason)
    this.#stop()
  }

  #makeRoom(): void {
    for (const entry of this.#arriving) {
      if (this.#held <= this.#limits.maxHeldBytes) return
      if (entry.held > 0) this.#refuse(entry, tooManyBodies())
    }
  }

  #refuse(entry: Entry, error: Error): void {
    this.ended(entry)
    entry.refuse(error)
  }

  #stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

/** Requests that `inject` makes have a socket without a count; nothing of them arrives over time. */
function bytesReadOf({ socket }: IncomingMessage): number {
  return (socket as { bytesRead?: number } | null)?.bytesRead ?? 0
}
