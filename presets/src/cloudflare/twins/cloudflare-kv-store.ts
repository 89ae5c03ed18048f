/** The central store of the KV twin: every version of a key, and from when on which location can see it. */
import { type Clock, compareUtf8, type Rng } from '@flowport/capabilities'
import { refusal } from './cloudflare-kv-rules.ts'

/** How the twin behaves. */
export interface Nature {
  readonly rng: Rng
  readonly clock: Pick<Clock, 'now'>
  readonly staleMs: number
  readonly minStaleMs: number
  readonly ownWritesVisible: number
  readonly limitsWrites: boolean
  readonly shortPages: number
}

export interface Stored {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** JSON text of the metadata. */
  readonly metadata: string | undefined
  /** Seconds since the epoch. */
  readonly expiration: number | undefined
}

/** One write. A delete stores `null`. */
export interface Version {
  readonly number: number
  readonly stored: Stored | null
  readonly writtenAt: number
  /** The location that sees it before all others, if any does. */
  readonly seenFirstAt: string | undefined
  readonly seenByAllAt: number
}

/** The platform takes one write to a key per second. */
const writePauseMs = 1000

export class CentralStore {
  readonly #nature: Nature
  readonly #versions = new Map<string, Version[]>()
  #writes = 0

  constructor(nature: Nature) {
    this.#nature = nature
  }

  /** Adds a version, or refuses it when it comes too soon after the one before. */
  write(method: 'PUT' | 'DELETE', key: string, stored: Stored | null, location: string): Version {
    const { rng, clock, staleMs, minStaleMs, ownWritesVisible, limitsWrites } = this.#nature
    const now = clock.now()
    const versions = this.#versions.get(key) ?? []
    const last = versions.at(-1)
    if (limitsWrites && last !== undefined && now - last.writtenAt < writePauseMs) {
      throw refusal(method, 429, 'Too Many Requests')
    }
    this.#writes += 1
    const version: Version = {
      number: this.#writes,
      stored,
      writtenAt: now,
      seenFirstAt: rng.float() < ownWritesVisible ? location : undefined,
      seenByAllAt: now + minStaleMs + rng.float() * (staleMs - minStaleMs),
    }
    // What everybody can see hides all that is older.
    const oldest = versions.findLastIndex(({ seenByAllAt }) => seenByAllAt <= now)
    this.#versions.set(key, [...versions.slice(Math.max(0, oldest)), version])
    return version
  }

  /** The newest version the location can see. */
  seen(key: string, location: string): Version | undefined {
    const now = this.#nature.clock.now()
    return this.#versions
      .get(key)
      ?.findLast(({ seenFirstAt, seenByAllAt }) => seenFirstAt === location || seenByAllAt <= now)
  }

  /** Whether a version newer than `number` is older than `ms`, so that nobody may be served the one before it. */
  isOverdue(key: string, number: number, ms: number): boolean {
    const now = this.#nature.clock.now()
    return (
      this.#versions.get(key)?.some((newer) => newer.number > number && newer.writtenAt + ms <= now) ?? false
    )
  }

  /** Keys with a value at the location, in UTF-8 byte order. */
  keys(location: string, prefix: string, after: string): readonly (readonly [string, Stored])[] {
    return [...this.#versions.keys()]
      .filter((key) => key.startsWith(prefix) && compareUtf8(key, after) > 0)
      .toSorted(compareUtf8)
      .flatMap((key) => {
        const stored = this.alive(this.seen(key, location)?.stored)
        return stored === null ? [] : [[key, stored] as const]
      })
  }

  /** What is left of an entry now that time has passed. */
  alive(stored: Stored | null | undefined): Stored | null {
    if (stored === null || stored === undefined) return null
    const ended = stored.expiration !== undefined && stored.expiration * 1000 <= this.#nature.clock.now()
    return ended ? null : stored
  }
}
