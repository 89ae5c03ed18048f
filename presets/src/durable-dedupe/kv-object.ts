/** The Durable Object class of the key-value store. Every method is synchronous SQL inside one call: atomic. */
import { DurableObject } from 'cloudflare:workers'
import type { ObjectState } from '../cloudflare/durable/object-state.ts'
import { type Outcome, outcomeOf } from '../cloudflare/durable/outcome.ts'
import { ExpiryAlarm } from '../cloudflare/durable-ledger/expiry-alarm.ts'
import { KvEntries } from '../cloudflare/durable-ledger/kv-entries.ts'
import type { KvCalls, KvFound, KvListed, KvPut, KvRecord } from '../cloudflare/durable-ledger/protocol.ts'
import { uniqueIds } from '../platform/unique-ids.ts'

/** A key-value store in SQLite. Declare it under `new_sqlite_classes`. */
export class KeyValueObject extends DurableObject implements KvCalls {
  readonly #check: () => void
  readonly #entries: KvEntries
  readonly #alarm: ExpiryAlarm
  readonly #versions = uniqueIds()

  constructor(ctx: ObjectState, env: unknown) {
    super(ctx, env)
    const { sql } = ctx.storage
    this.#check = () => void sql.exec('SELECT 1')
    this.#entries = new KvEntries(sql)
    this.#alarm = new ExpiryAlarm(ctx.storage)
    void ctx.blockConcurrencyWhile(() => this.#alarm.load())
  }

  get(key: string): Promise<Outcome<KvRecord | null>> {
    return outcomeOf(() => this.#entries.get(key, Date.now()))
  }

  getMany(keys: readonly string[]): Promise<Outcome<KvFound>> {
    return outcomeOf(() => this.#entries.getMany(keys, Date.now()))
  }

  put(key: string, value: string | Uint8Array, put: KvPut): Promise<Outcome<string>> {
    return outcomeOf(async () => {
      const now = Date.now()
      this.#entries.checkConditions(key, put, now)
      // Before the entry is written, so that none is without an alarm.
      const alarm = put.expiresAt === null ? undefined : this.#alarm.by(put.expiresAt, now)
      const version = this.#versions.next()
      this.#entries.write(key, { value, version, metadata: put.metadata, expiresAt: put.expiresAt })
      await alarm
      return version
    })
  }

  deleteMany(keys: readonly string[]): Promise<Outcome<null>> {
    return outcomeOf(() => {
      this.#entries.delete(keys)
      return null
    })
  }

  list(prefix: string, after: string, limit: number): Promise<Outcome<KvListed>> {
    return outcomeOf(() => this.#entries.list(prefix, after, limit, Date.now()))
  }

  check(): Promise<Outcome<null>> {
    return outcomeOf(() => {
      this.#check()
      return null
    })
  }

  /** Called by the platform: removes what has expired, and everything when nothing is left. */
  async alarm(): Promise<void> {
    const now = Date.now()
    const next = this.#entries.sweep(now)
    if (next === null) this.#entries.emptied()
    await this.#alarm.fired(now, next)
  }
}
