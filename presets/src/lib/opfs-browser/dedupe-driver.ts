/** The dedupe ledger on OPFS: a record each, and every step alone among all tabs and workers. */
import type {
  Clock,
  DedupeCapabilityInfo,
  DedupeDriver,
  DriverBegin,
  DriverCall,
} from '@flowport/capabilities'
import { Entries } from './entries.ts'
import type { Home } from './home.ts'
import { translated } from './translate-error.ts'

interface Record {
  readonly token: string
  readonly isDone: boolean
  readonly fingerprint: string
  /** Milliseconds since the epoch: the end of the lease, or of the result's time to live. */
  readonly expiresAt: number
}

/** A record whose lease has ended still is its holder's until another takes it: it is kept this long for `complete`. */
const lateHolderMs = 86_400_000

export class OpfsDedupeDriver implements DedupeDriver {
  readonly info: DedupeCapabilityInfo
  readonly #clock: Pick<Clock, 'now'>
  readonly #home: Home
  readonly #records: Entries<Record>

  constructor(home: Home, info: DedupeCapabilityInfo, clock: Pick<Clock, 'now'>) {
    this.info = info
    this.#home = home
    this.#clock = clock
    this.#records = new Entries(home, 'dedupe', ({ isDone, expiresAt }) => {
      return expiresAt + (isDone ? 0 : lateHolderMs) <= this.#now()
    })
  }

  reserve(key: string, token: string, ttlMs: number, call: DriverCall): Promise<boolean> {
    return this.#step(key, call, async (there) => {
      if (there !== null && there.header.token !== token && this.#isLive(there.header)) return false
      const expiresAt = this.#now() + Math.ceil(ttlMs)
      await this.#write(key, { token, isDone: true, fingerprint: '', expiresAt }, 'null')
      return true
    })
  }

  begin(
    key: string,
    token: string,
    leaseMs: number,
    fingerprint: string,
    call: DriverCall,
  ): Promise<DriverBegin> {
    return this.#step(key, call, async (there) => {
      const now = this.#now()
      if (there !== null && this.#isLive(there.header)) {
        const { header, result } = there
        if (header.isDone) return { state: 'done', fingerprint: header.fingerprint, result: result() }
        if (header.token !== token)
          return {
            state: 'in_flight',
            fingerprint: header.fingerprint,
            leaseEndsInMs: header.expiresAt - now,
          }
      }
      await this.#write(key, { token, isDone: false, fingerprint, expiresAt: now + Math.ceil(leaseMs) }, '')
      return { state: 'fresh' }
    })
  }

  complete(key: string, token: string, result: string, ttlMs: number, call: DriverCall): Promise<boolean> {
    return this.#step(key, call, async (there) => {
      const now = this.#now()
      if (there?.header.token !== token || (there.header.isDone && !this.#isLive(there.header))) return false
      const { fingerprint } = there.header
      await this.#write(key, { token, isDone: true, fingerprint, expiresAt: now + Math.ceil(ttlMs) }, result)
      return true
    })
  }

  release(key: string, token: string, call: DriverCall): Promise<boolean> {
    return this.#step(key, call, async (there) => {
      if (there?.header.token !== token || there.header.isDone) return false
      await this.#records.remove(key)
      return true
    })
  }

  renew(key: string, token: string, leaseMs: number, call: DriverCall): Promise<boolean> {
    return this.#step(key, call, async (there) => {
      if (there?.header.token !== token || there.header.isDone) return false
      await this.#write(key, { ...there.header, expiresAt: this.#now() + Math.ceil(leaseMs) }, '')
      return true
    })
  }

  forget(key: string, call: DriverCall): Promise<void> {
    return this.#step(key, call, () => this.#records.remove(key))
  }

  async check(): Promise<void> {
    await translated(this.#home, () => this.#home.check())
  }

  #step<T>(
    key: string,
    { signal }: DriverCall,
    decide: (there: { readonly header: Record; result(): string } | null) => Promise<T>,
  ): Promise<T> {
    return translated(this.#home, () =>
      this.#records.alone(signal, async () => {
        const entry = await this.#records.read(key)
        return decide(entry && { header: entry.header, result: () => new TextDecoder().decode(entry.bytes) })
      }),
    )
  }

  #write(key: string, header: Record, result: string): Promise<void> {
    return this.#records.replace(key, header, new TextEncoder().encode(result))
  }

  #isLive({ expiresAt }: Record): boolean {
    return expiresAt > this.#now()
  }

  #now(): number {
    return Math.floor(this.#clock.now())
  }
}
