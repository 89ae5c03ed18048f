/** A dedupe driver over a `Map`: for tests, local runs and single processes. Gone with the process. */
import type { Clock } from '../clock/contract.ts'
import type { DedupeDriver, DriverBegin } from '../dedupe/driver.ts'
import type { DedupeCapabilityInfo } from '../guarantees/info.ts'
import { checkSize, utf8Length } from '../limits.ts'
import { systemClock } from '../system/clock.ts'

export interface MemoryDedupeOptions {
  /** Decides what has expired. Default the system clock. */
  readonly clock?: Clock
  /** Limits to state and enforce instead of the defaults. */
  readonly limits?: Partial<DedupeCapabilityInfo['limits']>
}

/** What `memoryDedupeDriver` states of itself, but for its limits. */
export type MemoryDedupeInfo = DedupeCapabilityInfo & {
  readonly provider: 'memory'
  readonly reservation: 'atomic'
  readonly consistency: 'strong'
  readonly durability: 'ephemeral'
}

export const memoryDedupeLimits: DedupeCapabilityInfo['limits'] = {
  maxKeyBytes: 1024,
  maxResultBytes: 1024 * 1024,
  minTtlMs: 1,
}

/** A dedupe store in memory. Every method is synchronous, so every step is atomic. */
export function memoryDedupeDriver(
  options: MemoryDedupeOptions = {},
): DedupeDriver & { readonly info: MemoryDedupeInfo } {
  return new MemoryDedupeDriver(options)
}

interface Record {
  readonly token: string
  readonly fingerprint: string
  /** JSON text once the work is done, `null` while it is in flight. */
  readonly result: string | null
  /** On the clock's monotonic scale: a wall clock set back would make records live again. */
  readonly endsAt: number
}

/** Records each step looks at, so that dead ones go without a timer and no step waits for all of them. */
const sweepSteps = 4

/** How long a lease that ended without a successor is remembered: until then its holder may still complete. */
const graceMs = 3_600_000

class MemoryDedupeDriver implements DedupeDriver {
  readonly info: MemoryDedupeInfo
  readonly #clock: Clock
  readonly #records = new Map<string, Record>()
  #sweeper: Iterator<[string, Record]> | undefined

  constructor({ clock = systemClock, limits = {} }: MemoryDedupeOptions) {
    this.#clock = clock
    this.info = {
      provider: 'memory',
      reservation: 'atomic',
      consistency: 'strong',
      durability: 'ephemeral',
      limits: { ...memoryDedupeLimits, ...limits },
      extensions: {},
    }
  }

  reserve(key: string, token: string, ttlMs: number): boolean {
    const live = this.#live(key)
    if (live !== undefined) return live.token === token
    this.#write('reserve', key, {
      token,
      fingerprint: '',
      result: 'null',
      endsAt: this.#clock.monotonic() + ttlMs,
    })
    return true
  }

  begin(key: string, token: string, leaseMs: number, fingerprint: string): DriverBegin {
    const live = this.#live(key)
    if (live === undefined) {
      this.#write('begin', key, {
        token,
        fingerprint,
        result: null,
        endsAt: this.#clock.monotonic() + leaseMs,
      })
      return { state: 'fresh' }
    }
    if (live.result !== null) return { state: 'done', fingerprint: live.fingerprint, result: live.result }
    if (live.token === token) return { state: 'fresh' }
    const leaseEndsInMs = live.endsAt - this.#clock.monotonic()
    return { state: 'in_flight', fingerprint: live.fingerprint, leaseEndsInMs }
  }

  complete(key: string, token: string, result: string, ttlMs: number): boolean {
    const held = this.#held(key, token)
    if (held === undefined) return false
    checkSize(utf8Length(result), this.info.limits.maxResultBytes, 'result', { ...at('complete'), key })
    this.#write('complete', key, { ...held, result, endsAt: this.#clock.monotonic() + ttlMs })
    return true
  }

  release(key: string, token: string): boolean {
    if (this.#held(key, token)?.result !== null) return false
    return this.#records.delete(key)
  }

  renew(key: string, token: string, leaseMs: number): boolean {
    const held = this.#held(key, token)
    if (held?.result !== null) return false
    this.#write('renew', key, { ...held, endsAt: this.#clock.monotonic() + leaseMs })
    return true
  }

  forget(key: string): void {
    this.#records.delete(key)
  }

  #live(key: string): Record | undefined {
    const record = this.#records.get(key)
    return record !== undefined && record.endsAt > this.#clock.monotonic() ? record : undefined
  }

  /** The token's own record: one in flight also after its lease, as long as nobody has taken the key. */
  #held(key: string, token: string): Record | undefined {
    const record = this.#records.get(key)
    if (record?.token !== token) return undefined
    return record.result === null || record.endsAt > this.#clock.monotonic() ? record : undefined
  }

  #write(operation: string, key: string, record: Record): void {
    const { maxKeyBytes } = this.info.limits
    if (key.length * 3 > maxKeyBytes)
      checkSize(utf8Length(key), maxKeyBytes, 'key', { ...at(operation), key })
    this.#records.set(key, record)
    this.#sweepSome()
  }

  #sweepSome(): void {
    const now = this.#clock.monotonic()
    for (let step = 0; step < sweepSteps; step++) {
      this.#sweeper ??= this.#records.entries()
      const next = this.#sweeper.next()
      if (next.done === true) {
        this.#sweeper = undefined
        return
      }
      const [key, { result, endsAt }] = next.value
      if (endsAt + (result === null ? graceMs : 0) <= now) this.#records.delete(key)
    }
  }
}

function at(operation: string) {
  return { capability: 'dedupe', operation }
}
