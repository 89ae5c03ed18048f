/** The Durable Object classes of the ledger. A driver calls their methods over RPC; the records are the next stop. */
import { DurableObject } from 'cloudflare:workers'
import { type DriverBegin, ledgerSteps } from '@flowport/capabilities'
import type { ObjectState } from '../durable/object-state.ts'
import { type Outcome, outcomeOf } from '../durable/outcome.ts'
import { ExpiryAlarm } from './expiry-alarm.ts'
import { LegacyRecords } from './legacy-records.ts'
import { type LedgerRecord, type Moment, removedKey, removedMs, type Step, uselessAt } from './ledger.ts'
import type { BeginHow, LedgerCalls } from './protocol.ts'
import type { Records } from './records.ts'
import { SqlRecords } from './sql-records.ts'

abstract class LedgerBase extends DurableObject implements LedgerCalls {
  readonly #records: Records
  readonly #alarm: ExpiryAlarm
  /** The largest fence of a record that was removed: the next holder's is above it. */
  #lastFence = 0

  constructor(ctx: ObjectState, env: unknown, records: Records) {
    super(ctx, env)
    this.#records = records
    this.#alarm = new ExpiryAlarm(ctx.storage)
    void ctx.blockConcurrencyWhile(async () => {
      await this.#alarm.load()
      await this.#records.change(removedKey, (found) => {
        this.#lastFence = found?.fence ?? 0
        return { answer: null }
      })
    })
  }

  reserve(key: string, token: string, ttlMs: number): Promise<Outcome<boolean>> {
    return this.#step(key, (found, at) => ledgerSteps.reserve(found, at, token, ttlMs))
  }

  begin(
    key: string,
    token: string,
    leaseMs: number,
    fingerprint: string,
    how: BeginHow = {},
  ): Promise<Outcome<DriverBegin>> {
    return this.#step(key, (found, at) => ledgerSteps.begin(found, at, token, leaseMs, fingerprint, how))
  }

  complete(key: string, token: string, result: string, ttlMs: number): Promise<Outcome<boolean>> {
    return this.#step(key, (found, at) => ledgerSteps.complete(found, at, token, result, ttlMs))
  }

  release(key: string, token: string): Promise<Outcome<boolean>> {
    return this.#step(key, (found) => ledgerSteps.release(found, token))
  }

  renew(key: string, token: string, leaseMs: number, started = false): Promise<Outcome<boolean>> {
    return this.#step(key, (found, at) => ledgerSteps.renew(found, at, token, leaseMs, { started }))
  }

  forget(key: string): Promise<Outcome<null>> {
    return this.#step(key, (found) =>
      found === undefined ? { answer: null } : { answer: null, record: null },
    )
  }

  check(): Promise<Outcome<null>> {
    return outcomeOf(async () => {
      await this.#records.check()
      return null
    })
  }

  /** Called by the platform: removes what is useless, and everything when nothing is left. */
  async alarm(): Promise<void> {
    const now = Date.now()
    const next = await this.#records.sweep(now)
    if (next === null) this.#records.emptied()
    await this.#alarm.fired(now, next)
  }

  /** Written with the removal: nothing comes between. */
  async #keepFence(fence: number, now: number): Promise<void> {
    if (fence <= this.#lastFence) return
    this.#lastFence = fence
    const endsAt = now + removedMs
    await this.#alarm.by(endsAt, now)
    const record = { token: '', fingerprint: '', result: 'null', endsAt, started: false, fence }
    await this.#records.change(removedKey, () => ({ answer: null, record }))
  }

  #step<A>(key: string, step: (found: LedgerRecord | undefined, at: Moment) => Step<A>): Promise<Outcome<A>> {
    const now = Date.now()
    return outcomeOf(async () => {
      let alarm: Promise<void> | undefined
      let removed: LedgerRecord | undefined
      const answer = await this.#records.change(key, (found) => {
        const made = step(found, { now, minFence: Math.max(now, this.#lastFence + 1) })
        if (made.record === null) removed = found
        // Before the record is written, so that none is without an alarm.
        if (made.record) alarm = this.#alarm.by(uselessAt(made.record), now)
        return made
      })
      if (removed !== undefined) await this.#keepFence(removed.fence, now)
      await alarm
      return answer
    })
  }
}

/** The ledger in SQLite. Declare it under `new_sqlite_classes`. */
export class LedgerObject extends LedgerBase {
  constructor(ctx: ObjectState, env: unknown) {
    super(ctx, env, new SqlRecords(ctx.storage.sql))
  }
}

/** The ledger in the key-value storage of older classes, on paid plans. Declare it under `new_classes`. */
export class LegacyLedgerObject extends LedgerBase {
  constructor(ctx: ObjectState, env: unknown) {
    super(ctx, env, new LegacyRecords(ctx.storage))
  }
}
