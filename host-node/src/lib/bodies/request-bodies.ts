/** Tracks the request bodies that a server is receiving: refuses slow ones, and bounds their total memory. */
import { type Linked, LinkedList } from '@flowport/capabilities'
import {
  BodyPace,
  type BodyLimits,
  type CheckedBodyLimits,
  checkedBodyLimits,
  tooManyBodies,
} from '@flowport/flow/http'
import type { IncomingMessage } from 'node:http'

/** Milliseconds between two checks of the unfinished bodies. */
const sweepMs = 1_000

/** One unfinished body. */
export interface Arriving {
  readonly raw: IncomingMessage
  readonly kind: 'json' | 'upload'
  /** Bytes of the body that are held in memory until it is complete. */
  held: number
  /** Refuses the body. Called at most once. */
  readonly refuse: (error: Error) => void
}

interface Entry extends Arriving, Linked<Entry> {
  /** Set at the first check; most bodies are complete before that. */
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
  /** Oldest first. */
  readonly #arriving = new LinkedList<Entry>()
  #held = 0
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(limits?: BodyLimits, now: () => number = () => performance.now()) {
    this.#limits = checkedBodyLimits(limits)
    this.#now = now
  }

  /** Bytes of unfinished bodies that are held in memory. */
  get heldBytes(): number {
    return this.#held
  }

  /** Watches a body. Pass the returned entry to `ended` to stop. */
  begin({ raw, kind, held, refuse }: Arriving): Entry {
    const entry: Entry = { raw, kind, held, refuse, look: undefined, previous: undefined, next: undefined }
    this.#arriving.add(entry)
    this.#timer ??= setInterval(() => this.sweep(), sweepMs).unref()
    return entry
  }

  /** Counts held bytes. While they exceed `maxHeldBytes`, refuses the oldest unfinished body. */
  hold(entry: Entry, bytes: number): void {
    entry.held += bytes
    this.#held += bytes
    if (this.#held > this.#limits.maxHeldBytes) this.#makeRoom()
  }

  /** Stops watching a body that is complete, refused or aborted. */
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
      // Nothing is measured before the first check, so a body that is complete by then costs nothing.
      if (look === undefined) {
        entry.look = { pace: new BodyPace(this.#limits, entry.kind), bytes, at: now }
        continue
      }
      // Bytes wait to be read, so the flow or its store is slow, not the client.
      const isOurs = raw.readableLength > 0
      const refusal = look.pace.arrived(bytes - look.bytes, isOurs ? 0 : now - look.at)
      look.bytes = bytes
      look.at = now
      if (refusal !== undefined) this.#refuse(entry, refusal)
    }
  }

  /** Refuses every unfinished body. Called when the server closes. */
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

/** Returns 0 for requests of `inject`, whose socket has no byte count and whose body arrives immediately. */
function bytesReadOf({ socket }: IncomingMessage): number {
  return (socket as { bytesRead?: number } | null)?.bytesRead ?? 0
}
