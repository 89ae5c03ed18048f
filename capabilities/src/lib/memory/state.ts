/** Durable state in memory: for tests, local runs and single processes. Gone with the process, in spite of its name. */
import { after } from '../clock/after.ts'
import type { Clock } from '../clock/contract.ts'
import type { StateCapabilityInfo, StateLimits } from '../guarantees/info.ts'
import { checkLimits } from '../numbers.ts'
import type {
  StateCommit,
  StateDriver,
  StateDriverAlarm,
  StateDriverList,
  StateDriverPage,
  StateKeyRange,
  StoredStateEntry,
} from '../state/driver.ts'
import { isInRange } from '../state/range.ts'
import { systemClock } from '../system/clock.ts'
import { SortedKeys } from './sorted-keys.ts'

export interface MemoryStateOptions {
  /** Decides when an alarm is due. Default the system clock. */
  readonly clock?: Clock
  /** Called with the name of the object whose alarm is due; an error it throws is left to the process. Default: nothing. */
  readonly onAlarm?: (name: string) => void
  /** Limits to state instead of the defaults; the portable type enforces them. */
  readonly limits?: Partial<Omit<StateLimits, 'sql'>>
}

/** What `memoryStateDriver` states of itself, but for its limits. */
export type MemoryStateInfo = StateCapabilityInfo & {
  readonly provider: 'memory'
  readonly consistency: 'strong'
  readonly durability: 'ephemeral'
  readonly features: { readonly sql: false; readonly alarms: true }
}

/** As those of a Durable Object, so that what fits here fits there. */
export const memoryStateLimits: Omit<StateLimits, 'sql'> = {
  maxNameBytes: 1024,
  maxKeyBytes: 2048,
  maxValueBytes: 1_999_936,
  maxEntryBytes: 1_999_936,
  maxListKeys: 1000,
  maxTransactionEntries: 1000,
  maxTransactionBytes: 8 * 1024 * 1024,
}

/** Durable state in memory. Every method is synchronous, so every step is atomic. */
export function memoryStateDriver(
  options: MemoryStateOptions = {},
): StateDriver & { readonly info: MemoryStateInfo } {
  return new MemoryStateDriver(options)
}

/** Commits remembered by each object, so that a repeated one is not applied twice. */
const rememberedCommits = 1000

class MemoryObject {
  readonly entries = new Map<string, StoredStateEntry>()
  readonly keys = new SortedKeys(this.entries)
  readonly commits = new Set<string>()
  alarm: { readonly at: number; readonly stop: () => void } | undefined
}

class MemoryStateDriver implements StateDriver {
  readonly info: MemoryStateInfo
  readonly alarm: StateDriverAlarm
  readonly #clock: Clock
  readonly #onAlarm: ((name: string) => void) | undefined
  readonly #objects = new Map<string, MemoryObject>()
  #versions = 0

  constructor({ clock = systemClock, onAlarm, limits = {} }: MemoryStateOptions) {
    checkLimits('memoryStateDriver', limits)
    this.#clock = clock
    this.#onAlarm = onAlarm
    this.info = {
      provider: 'memory',
      consistency: 'strong',
      durability: 'ephemeral',
      limits: { ...memoryStateLimits, ...limits },
      features: { sql: false, alarms: true },
      extensions: {},
    }
    this.alarm = {
      get: (name) => this.#due(name),
      set: (name, at) => this.#setAlarm(name, at),
      delete: (name) => this.#clearAlarm(name),
    }
  }

  get(name: string, key: string): StoredStateEntry | null {
    return this.#objects.get(name)?.entries.get(key) ?? null
  }

  put(name: string, key: string, value: string): void {
    this.#write(this.#object(name), key, value)
  }

  delete(name: string, key: string): void {
    const object = this.#objects.get(name)
    if (object !== undefined) this.#write(object, key, null)
  }

  list(name: string, { limit, ...range }: StateDriverList): StateDriverPage {
    const object = this.#objects.get(name)
    if (object === undefined) return { entries: [], more: false }
    const keys = keysIn(object, range)
    const entries = keys
      .slice(0, limit)
      .map((key) => ({ key, ...(object.entries.get(key) as StoredStateEntry) }))
    return { entries, more: keys.length > limit }
  }

  commit(name: string, { token, reads, scans, writes }: StateCommit): boolean {
    const object = this.#object(name)
    if (object.commits.has(token)) return true
    const holds =
      reads.every(({ key, version }) => (object.entries.get(key)?.version ?? null) === version) &&
      scans.every((scan) => {
        const found = keysIn(object, scan).slice(0, scan.seen.length + (scan.complete ? 1 : 0))
        return (
          found.length === scan.seen.length &&
          scan.seen.every(
            ({ key, version }, index) => found[index] === key && object.entries.get(key)?.version === version,
          )
        )
      })
    if (!holds) return false
    for (const { key, value } of writes) this.#write(object, key, value)
    if (writes.length > 0) remember(object.commits, token)
    return true
  }

  close(): void {
    for (const { alarm } of this.#objects.values()) alarm?.stop()
  }

  #object(name: string): MemoryObject {
    const known = this.#objects.get(name)
    if (known !== undefined) return known
    const made = new MemoryObject()
    this.#objects.set(name, made)
    return made
  }

  #write({ entries, keys }: MemoryObject, key: string, value: string | null): void {
    if (value === null) {
      if (entries.delete(key)) keys.remove(key)
      return
    }
    if (!entries.has(key)) keys.add(key)
    this.#versions += 1
    entries.set(key, { value, version: String(this.#versions) })
  }

  #due(name: string): number | null {
    const alarm = this.#objects.get(name)?.alarm
    return alarm !== undefined && alarm.at > this.#clock.now() ? alarm.at : null
  }

  #setAlarm(name: string, at: number): void {
    this.#clearAlarm(name)
    this.#object(name).alarm = { at, stop: this.#onAlarm === undefined ? nothing : this.#ring(name, at) }
  }

  #clearAlarm(name: string): void {
    const object = this.#objects.get(name)
    object?.alarm?.stop()
    if (object !== undefined) object.alarm = undefined
  }

  /** Waits for the moment; a clock that was set back meanwhile makes it wait again. */
  #ring(name: string, at: number): () => void {
    let stop = nothing
    const wait = () => {
      const leftMs = at - this.#clock.now()
      stop = after(this.#clock, Math.max(0, leftMs), () => {
        if (at > this.#clock.now()) return wait()
        this.#object(name).alarm = undefined
        this.#onAlarm?.(name)
      })
    }
    wait()
    return () => stop()
  }
}

function keysIn({ keys }: MemoryObject, range: StateKeyRange): readonly string[] {
  const found = keys.sorted().filter((key) => isInRange(key, range))
  return range.reverse ? found.toReversed() : found
}

function remember(commits: Set<string>, token: string): void {
  commits.add(token)
  if (commits.size <= rememberedCommits) return
  for (const oldest of commits) {
    commits.delete(oldest)
    return
  }
}

function nothing(): void {
  // There is no timer to stop.
}
