/** What every Durable Object class with ledger records does. A driver calls its methods over RPC; the records are the next stop. */
import { DurableObject } from 'cloudflare:workers'
import { type DriverBegin, type DriverLook, ledgerSteps } from '@flowport/capabilities'
import type { ObjectState } from '../durable/object-state.ts'
import { type Outcome, outcomeOf } from '../durable/outcome.ts'
import { ExpiryAlarm } from './expiry-alarm.ts'
import { dueAt, type LedgerRecord, type Moment, removedKey, removedMs, type Step } from './ledger.ts'
import { tellIndex } from './tell-index.ts'
import type { BeginHow, LedgerCalls, NotedKey } from './protocol.ts'
import type { Records, UnknownSlice } from './records.ts'

export abstract class LedgerBase extends DurableObject implements LedgerCalls {
  readonly #records: Records
  protected readonly expiry: ExpiryAlarm
  /** The largest fence of a record that was removed: the next holder's is above it. */
  #lastFence = 0

  constructor(ctx: ObjectState, env: unknown, records: Records) {
    super(ctx, env)
    this.#records = records
    this.expiry = new ExpiryAlarm(ctx.storage)
    void ctx.blockConcurrencyWhile(async () => {
      await this.expiry.load()
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
    { index = null, ...how }: Omit<BeginHow, 'index'> & { readonly index?: string | null } = {},
  ): Promise<Outcome<DriverBegin>> {
    return this.#step(
      key,
      (found, at) => ledgerSteps.begin(found, at, token, leaseMs, fingerprint, how),
      index,
    )
  }

  complete(key: string, token: string, result: string, ttlMs: number): Promise<Outcome<boolean>> {
    return this.#step(key, (found, at) => ledgerSteps.complete(found, at, token, result, ttlMs))
  }

  release(key: string, token: string): Promise<Outcome<boolean>> {
    return this.#step(key, (found) => ledgerSteps.release(found, token))
  }

  async renew(key: string, token: string, leaseMs: number, started = false): Promise<Outcome<boolean>> {
    const renewed = await this.#step(key, (found, at) =>
      ledgerSteps.renew(found, at, token, leaseMs, { started }),
    )
    // A holder that gives up its key has time to have it listed; the alarm does it otherwise.
    if (leaseMs === 0 && renewed.ok && renewed.value) await this.#listUnknown()
    return renewed
  }

  forget(key: string): Promise<Outcome<null>> {
    return this.#step(key, (found) =>
      found === undefined ? { answer: null } : { answer: null, record: null },
    )
  }

  look(key: string): Promise<Outcome<DriverLook>> {
    return this.#step(key, (found, at) => ({ answer: ledgerSteps.look(found, at) }))
  }

  takeOver(
    key: string,
    token: string,
    leaseMs: number,
    over: number,
    index: string | null = null,
  ): Promise<Outcome<number | null>> {
    return this.#step(key, (found, at) => ledgerSteps.takeOver(found, at, token, leaseMs, over), index)
  }

  unknowns(after: string, limit: number): Promise<Outcome<UnknownSlice>> {
    return outcomeOf(async () => this.#records.unknowns(after, limit, Date.now()))
  }

  note(key: string, fence: number): Promise<Outcome<null>> {
    const noted = { token: '', fingerprint: '', result: null, endsAt: 0, started: true, fence, index: null }
    return outcomeOf(async () =>
      this.#records.change(key, (found) =>
        found !== undefined && found.fence >= fence ? { answer: null } : { answer: null, record: noted },
      ),
    )
  }

  unnote(noted: readonly NotedKey[]): Promise<Outcome<null>> {
    return outcomeOf(async () => {
      for (const { key, fence } of noted) {
        await this.#records.change(key, (found) =>
          found?.fence === fence ? { answer: null, record: null } : { answer: null },
        )
      }
      return null
    })
  }

  check(): Promise<Outcome<null>> {
    return outcomeOf(async () => {
      await this.#records.check()
      return null
    })
  }

  /** Called by the platform: has unknown keys listed, and removes what is useless, and everything when nothing is left. */
  async alarm(): Promise<void> {
    const now = Date.now()
    await this.#listUnknown()
    const next = await this.#records.sweep(now)
    if (next === null) this.#records.emptied()
    // A lease that was renewed ends later than its alarm fired. What could not be listed waits for the next sweep.
    const isUrgent = next !== null && next > now && (await this.#records.hasIndex())
    await this.expiry.fired(now, next, { isUrgent })
  }

  /** Has the unknown keys of this object listed by their index. What fails is tried again by the next alarm. */
  async #listUnknown(): Promise<void> {
    for (const unlisted of await this.#records.unlisted(Date.now())) {
      if (!(await tellIndex(this.env, unlisted))) continue
      await this.#records.change(unlisted.key, (found) =>
        found?.fence === unlisted.fence
          ? { answer: null, record: { ...found, index: null } }
          : { answer: null },
      )
    }
  }

  /** Written with the removal: nothing comes between. */
  async #keepFence(fence: number, now: number): Promise<void> {
    if (fence <= this.#lastFence) return
    this.#lastFence = fence
    const endsAt = now + removedMs
    await this.expiry.by(endsAt, now)
    const record = { token: '', fingerprint: '', result: 'null', endsAt, started: false, fence, index: null }
    await this.#records.change(removedKey, () => ({ answer: null, record }))
  }

  /** `index`: of a new holder's record. Records of other steps keep theirs while they are in flight. */
  #step<A>(
    key: string,
    step: (found: LedgerRecord | undefined, at: Moment) => Step<A>,
    index: string | null = null,
  ): Promise<Outcome<A>> {
    const now = Date.now()
    return outcomeOf(async () => {
      let alarm: Promise<void> | undefined
      let removed: LedgerRecord | undefined
      const answer = await this.#records.change(key, (found) => {
        const { answer, record: left } = step(found, { now, minFence: Math.max(now, this.#lastFence + 1) })
        if (left === null) removed = found
        if (!left) return { answer, ...(left === null ? { record: null } : {}) }
        const kept = found?.token === left.token ? found.index : index
        const record = { ...left, index: left.result === null ? kept : null }
        // Before the record is written, so that none is without an alarm.
        alarm = this.expiry.by(dueAt(record), now, { isUrgent: record.index !== null })
        return { answer, record }
      })
      if (removed !== undefined) await this.#keepFence(removed.fence, now)
      await alarm
      return answer
    })
  }
}
