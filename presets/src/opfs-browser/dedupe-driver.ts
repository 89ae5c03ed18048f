/** The dedupe ledger on OPFS: a record each, and every step alone among all tabs and workers. */
import {
  type BeginCall,
  type Clock,
  compareUtf8,
  type DedupeCapabilityInfo,
  type DedupeDriver,
  type DriverBegin,
  type DriverCall,
  type DriverLook,
  type DriverUnknown,
  type DriverUnknownPage,
  ledgerSteps,
  type RenewCall,
} from '@flowport/capabilities'
import { sortedKeys } from './encoded-keys.ts'
import { Entries, type Entry } from './entries.ts'
import type { Home } from './home.ts'
import { translated } from './translate-error.ts'

interface Record {
  readonly token: string
  readonly isDone: boolean
  readonly fingerprint: string
  /** Milliseconds since the epoch: the end of the lease, or of the result's time to live. */
  readonly expiresAt: number
  /** Whether an effect may have begun. Absent in records of an earlier version, where nobody knows. */
  readonly started?: boolean
  /** Grows with every holder. Absent in records of an earlier version. */
  readonly fence?: number
  /** Released or forgotten: kept for a moment, so that the next holder's fence goes on from it. */
  readonly isFree?: boolean
}

/** A record that had not begun its effect is kept this long after its lease: its holder may still complete it. */
const lateHolderMs = 86_400_000
/** A free record is kept this long. After that the time alone gives a larger fence. */
const freeMs = 60_000

export class OpfsDedupeDriver implements DedupeDriver {
  readonly info: DedupeCapabilityInfo
  readonly #clock: Pick<Clock, 'now'>
  readonly #home: Home
  readonly #records: Entries<Record>

  constructor(home: Home, info: DedupeCapabilityInfo, clock: Pick<Clock, 'now'>) {
    this.info = info
    this.#home = home
    this.#clock = clock
    this.#records = new Entries(home, 'dedupe', (header) => isUseless(header, this.#now()))
  }

  reserve(key: string, token: string, ttlMs: number, call: DriverCall): Promise<boolean> {
    return this.#step(key, call, (found, at) => ledgerSteps.reserve(found, at, token, ttlMs))
  }

  begin(
    key: string,
    token: string,
    leaseMs: number,
    fingerprint: string,
    call: BeginCall,
  ): Promise<DriverBegin> {
    return this.#step(key, call, (found, at) =>
      ledgerSteps.begin(found, at, token, leaseMs, fingerprint, call),
    )
  }

  complete(key: string, token: string, result: string, ttlMs: number, call: DriverCall): Promise<boolean> {
    return this.#step(key, call, (found, at) => ledgerSteps.complete(found, at, token, result, ttlMs))
  }

  release(key: string, token: string, call: DriverCall): Promise<boolean> {
    return this.#step(key, call, (found) => ledgerSteps.release(found, token))
  }

  renew(key: string, token: string, leaseMs: number, call: RenewCall): Promise<boolean> {
    return this.#step(key, call, (found, at) => ledgerSteps.renew(found, at, token, leaseMs, call))
  }

  /** Reads the names of all records and the heads of those up to the end of the page. Waits for no other step. */
  unknowns(cursor: string | null, limit: number, { signal }: DriverCall): Promise<DriverUnknownPage> {
    return translated(this.#home, async () => {
      const now = this.#now()
      const keys: DriverUnknown[] = []
      const isAfter = (key: string) => cursor === null || compareUtf8(key, cursor) > 0
      for (const { key, handle } of await sortedKeys(await this.#records.folder(), '', isAfter)) {
        signal?.throwIfAborted()
        const header = await this.#records.header(handle)
        if (header === null || !isUnknown(header, now)) continue
        if (keys.length === limit) return { keys, cursor: keys.at(-1)?.key ?? null }
        keys.push({ key, fence: header.fence ?? 0, sinceMs: now - header.expiresAt })
      }
      return { keys, cursor: null }
    })
  }

  look(key: string, call: DriverCall): Promise<DriverLook> {
    return this.#step(key, call, (found, at) => ({ answer: ledgerSteps.look(found, at) }))
  }

  takeOver(
    key: string,
    token: string,
    leaseMs: number,
    over: number,
    call: DriverCall,
  ): Promise<number | null> {
    return this.#step(key, call, (found, at) => ledgerSteps.takeOver(found, at, token, leaseMs, over))
  }

  async forget(key: string, call: DriverCall): Promise<void> {
    await this.#step<null>(key, call, (found) => ({
      answer: null,
      ...(found === undefined ? {} : { record: null }),
    }))
  }

  async check(): Promise<void> {
    await translated(this.#home, () => this.#home.check())
  }

  #step<A>(
    key: string,
    { signal }: DriverCall,
    take: (found: ledgerSteps.LedgerRecord | undefined, at: ledgerSteps.Moment) => ledgerSteps.Step<A>,
  ): Promise<A> {
    return translated(this.#home, () =>
      this.#records.alone(signal, async () => {
        const entry = await this.#records.read(key)
        const now = this.#now()
        const lastFence = entry?.header.fence ?? 0
        const { answer, record } = take(ledgerRecord(entry), {
          now,
          minFence: Math.max(now, lastFence + 1),
        })
        if (record === null) {
          const free = { token: '', isDone: false, fingerprint: '', fence: lastFence, isFree: true }
          await this.#records.replace(key, { ...free, expiresAt: now + freeMs }, new Uint8Array(0))
        } else if (record !== undefined) {
          const { token, fingerprint, result, endsAt: expiresAt, started, fence } = record
          const header = { token, isDone: result !== null, fingerprint, expiresAt, started, fence }
          await this.#records.replace(key, header, new TextEncoder().encode(result ?? ''))
        }
        return answer
      }),
    )
  }

  #now(): number {
    return Math.floor(this.#clock.now())
  }
}

function ledgerRecord(entry: Entry<Record> | null): ledgerSteps.LedgerRecord | undefined {
  if (entry === null || entry.header.isFree === true) return undefined
  const { token, isDone, fingerprint, expiresAt, started = true, fence = 0 } = entry.header
  const result = isDone ? new TextDecoder().decode(entry.bytes) : null
  return { token, fingerprint, result, endsAt: expiresAt, started, fence }
}

function isUnknown({ isDone, expiresAt, started = true, isFree = false }: Record, now: number): boolean {
  return !isDone && !isFree && started && expiresAt <= now
}

function isUseless({ isDone, expiresAt, started = true, isFree = false }: Record, now: number): boolean {
  if (isDone || isFree) return expiresAt <= now
  return !started && expiresAt + lateHolderMs <= now
}
