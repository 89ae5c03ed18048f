/** A dedupe driver over a `Map`: for tests, local runs and single processes. Gone with the process. */
import type { Clock } from '../clock/contract.ts'
import { compareUtf8 } from '../byte-order.ts'
import type {
  BeginCall,
  DedupeDriver,
  DriverBegin,
  DriverLook,
  DriverUnknownPage,
  RenewCall,
} from '../dedupe/driver.ts'
import {
  begin,
  complete,
  isUnknown,
  type LedgerRecord,
  look,
  type Moment,
  release,
  renew,
  reserve,
  type Step,
  takeOver,
  uselessAt,
} from '../dedupe/steps.ts'
import type { DedupeCapabilityInfo } from '../guarantees/info.ts'
import { checkSize, utf8Length } from '../limits.ts'
import { systemClock } from '../system/clock.ts'
import type {
  Changes,
  CommitOutcome,
  CommitRecord,
  StartOutcome,
  StartRecord,
} from '../transaction/changes.ts'
import { holdInMemory, writeInMemory } from './transaction.ts'

export interface MemoryDedupeOptions {
  /** Decides what has expired. Default the system clock. */
  readonly clock?: Clock
  /** Limits to state and enforce instead of the defaults. */
  readonly limits?: Partial<DedupeCapabilityInfo['limits']>
  /** States `info.transaction`: `commit` then writes to drivers in memory that were given the same text. Default: none. */
  readonly transaction?: string
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

/** Records each step looks at, so that dead ones go without a timer and no step waits for all of them. */
const sweepSteps = 4

/** How long a lease that ended without a successor is remembered: until then its holder may still complete. */
const graceMs = 3_600_000

class MemoryDedupeDriver implements DedupeDriver {
  readonly info: MemoryDedupeInfo
  readonly #clock: Clock
  /** Times are monotonic: a wall clock that is set back would make records live again. */
  readonly #records = new Map<string, LedgerRecord>()
  #sweeper: Iterator<[string, LedgerRecord]> | undefined
  #lastFence = 0
  readonly commit?: (record: CommitRecord, changes: Changes) => CommitOutcome
  readonly start?: (record: StartRecord, changes: Changes) => StartOutcome

  constructor({ clock = systemClock, limits = {}, transaction }: MemoryDedupeOptions) {
    this.#clock = clock
    this.info = {
      provider: 'memory',
      reservation: 'atomic',
      consistency: 'strong',
      durability: 'ephemeral',
      limits: { ...memoryDedupeLimits, ...limits },
      features: { unknowns: true, ...(transaction === undefined ? {} : { startsWithWrites: true }) },
      ...(transaction === undefined ? {} : { transaction }),
      extensions: {},
    }
    if (transaction === undefined) return
    this.commit = (record, changes) => this.#commit(record, changes)
    this.start = (record, changes) => this.#start(record, changes)
  }

  reserve(key: string, token: string, ttlMs: number): boolean {
    return this.#step('reserve', key, (found, at) => reserve(found, at, token, ttlMs))
  }

  begin(
    key: string,
    token: string,
    leaseMs: number,
    fingerprint: string,
    call: Pick<BeginCall, 'started' | 'over'> = {},
  ): DriverBegin {
    return this.#step('begin', key, (found, at) => begin(found, at, token, leaseMs, fingerprint, call))
  }

  complete(key: string, token: string, result: string, ttlMs: number): boolean {
    return this.#step('complete', key, (found, at) => {
      const step = complete(found, at, token, result, ttlMs)
      if (step.answer)
        checkSize(utf8Length(result), this.info.limits.maxResultBytes, 'result', {
          ...where('complete'),
          key,
        })
      return step
    })
  }

  release(key: string, token: string): boolean {
    return this.#step('release', key, (found) => release(found, token))
  }

  renew(key: string, token: string, leaseMs: number, call: Pick<RenewCall, 'started'> = {}): boolean {
    return this.#step('renew', key, (found, at) => renew(found, at, token, leaseMs, call))
  }

  unknowns(cursor: string | null, limit: number): DriverUnknownPage {
    const now = this.#clock.monotonic()
    const names = [...this.#records]
      .flatMap(([key, record]) => (isUnknown(record, { now }) ? [key] : []))
      .toSorted(compareUtf8)
    const rest = cursor === null ? names : names.filter((name) => compareUtf8(name, cursor) > 0)
    const page = rest.slice(0, limit)
    const keys = page.map((key) => {
      const { fence, endsAt } = this.#records.get(key) as LedgerRecord
      return { key, fence, sinceMs: now - endsAt }
    })
    return { keys, cursor: rest.length > page.length ? (page.at(-1) ?? null) : null }
  }

  look(key: string): DriverLook {
    return look(this.#records.get(key), { now: this.#clock.monotonic() })
  }

  takeOver(key: string, token: string, leaseMs: number, over: number): number | null {
    return this.#step('takeOver', key, (found, at) => takeOver(found, at, token, leaseMs, over))
  }

  forget(key: string): void {
    this.#records.delete(key)
  }

  #commit({ key, token, result, ttlMs }: CommitRecord, { reads, writes }: Changes): CommitOutcome {
    const found = this.#records.get(key)
    if (found?.token !== token) return 'fenced'
    if (found.result !== null) return 'committed'
    if (!holdInMemory(reads)) return 'conflict'
    // Whatever can refuse comes before the record, which nothing has to undo then.
    checkSize(utf8Length(result), this.info.limits.maxResultBytes, 'result', { ...where('commit'), key })
    writeInMemory(writes)
    this.complete(key, token, result, ttlMs)
    return 'committed'
  }

  #start({ key, token, leaseMs }: StartRecord, { reads, writes }: Changes): StartOutcome {
    const found = this.#records.get(key)
    if (found?.token !== token || found.result !== null) return { state: 'fenced' }
    if (!holdInMemory(reads)) return { state: 'conflict' }
    const ids = writeInMemory(writes)
    this.renew(key, token, leaseMs, { started: true })
    return { state: 'started', ids }
  }

  #step<A>(
    operation: string,
    key: string,
    take: (found: LedgerRecord | undefined, at: Moment) => Step<A>,
  ): A {
    const at = { now: this.#clock.monotonic(), minFence: this.#lastFence + 1 }
    const { answer, record } = take(this.#records.get(key), at)
    if (record === null) this.#records.delete(key)
    else if (record !== undefined) {
      const { maxKeyBytes } = this.info.limits
      if (key.length * 3 > maxKeyBytes)
        checkSize(utf8Length(key), maxKeyBytes, 'key', { ...where(operation), key })
      this.#lastFence = Math.max(this.#lastFence, record.fence)
      this.#records.set(key, record)
      this.#sweepSome(at.now)
    }
    return answer
  }

  #sweepSome(now: number): void {
    for (let step = 0; step < sweepSteps; step++) {
      this.#sweeper ??= this.#records.entries()
      const next = this.#sweeper.next()
      if (next.done === true) {
        this.#sweeper = undefined
        return
      }
      const [key, record] = next.value
      const useless = uselessAt(record, graceMs)
      if (useless !== null && useless <= now) this.#records.delete(key)
    }
  }
}

function where(operation: string) {
  return { capability: 'dedupe', operation }
}
