/**
 * The Durable Object class of a partition: its ledger records and its entries, which are committed together. Objects of the same
 * class keep the ledger's other keys, list unknown keys, and list the partitions of a store.
 */
import { beforeApplying, type CommitOutcome, type CommitRecord, ledgerSteps } from '@flowport/capabilities'
import type { ObjectState } from '../cloudflare/durable/object-state.ts'
import { type Outcome, outcomeOf } from '../cloudflare/durable/outcome.ts'
import { KvEntries } from '../cloudflare/durable-ledger/kv-entries.ts'
import type { LedgerRecord } from '../cloudflare/durable-ledger/ledger.ts'
import { LedgerBase } from '../cloudflare/durable-ledger/ledger-base.ts'
import type { KvFound, KvListed, KvRecord } from '../cloudflare/durable-ledger/protocol.ts'
import { uniqueIds } from '../platform/unique-ids.ts'
import { holdIn, writeInto } from './commit.ts'
import { Enrolment } from './enrolment.ts'
import { groupOf } from './group-of.ts'
import { GroupTable } from './groups.ts'
import { PartitionRecords } from './partition-records.ts'
import type { GroupPage, PartitionCalls, PartitionChanges, PartitionPut } from './protocol.ts'

/** A partition in SQLite. Declare it under `new_sqlite_classes`. */
export class PartitionObject extends LedgerBase implements PartitionCalls {
  readonly #state: ObjectState
  readonly #partition: PartitionRecords
  readonly #entries: KvEntries
  readonly #groups: GroupTable
  readonly #enrolment: Enrolment
  readonly #versions = uniqueIds()
  /** Writes that wait for the directory, or follow its answer. */
  #entering = 0

  constructor(ctx: ObjectState, env: unknown) {
    const { sql } = ctx.storage
    const entries = new KvEntries(sql)
    const groups = new GroupTable(sql)
    const enrolment = new Enrolment(sql, env)
    const records = new PartitionRecords(sql, { entries, groups, enrolment })
    super(ctx, env, records)
    this.#state = ctx
    this.#partition = records
    this.#entries = entries
    this.#groups = groups
    this.#enrolment = enrolment
  }

  get(key: string): Promise<Outcome<KvRecord | null>> {
    return outcomeOf(() => this.#entries.get(key, Date.now()))
  }

  getMany(keys: readonly string[]): Promise<Outcome<KvFound>> {
    return outcomeOf(() => this.#entries.getMany(keys, Date.now()))
  }

  put(
    key: string,
    value: string | Uint8Array,
    { directory, ...put }: PartitionPut,
  ): Promise<Outcome<string>> {
    const { metadata, expiresAt } = put
    return outcomeOf(() => {
      // Checked before the directory is asked, so that a refused write lists nothing.
      this.#entries.checkConditions(key, put, Date.now())
      return this.#listed([key], directory, async () => {
        const now = Date.now()
        this.#entries.checkConditions(key, put, now)
        // Before the entry is written, so that none is without an alarm.
        const alarm = expiresAt === null ? undefined : this.expiry.by(expiresAt, now)
        const version = this.#versions.next()
        this.#entries.write(key, { value, version, metadata, expiresAt })
        await alarm
        return version
      })
    })
  }

  deleteMany(keys: readonly string[]): Promise<Outcome<null>> {
    return outcomeOf(async () => {
      this.#entries.delete(keys)
      await this.#emptySoon()
      return null
    })
  }

  list(prefix: string, after: string, limit: number): Promise<Outcome<KvListed>> {
    return outcomeOf(() => this.#entries.list(prefix, after, limit, Date.now()))
  }

  commit(
    record: CommitRecord,
    changes: PartitionChanges,
    directory: string,
  ): Promise<Outcome<CommitOutcome>> {
    return outcomeOf(() => {
      const puts = changes.writes.filter(({ kind }) => kind === 'put').map(({ key }) => key)
      if (this.#enrolment.missing(puts.map(groupOf)).length > 0) {
        const refused = this.#refusal(record, changes, Date.now())
        if (refused !== null) return refused
      }
      return this.#listed(puts, directory, () => this.#commit(record, changes))
    })
  }

  enroll(groups: readonly string[]): Promise<Outcome<null>> {
    return outcomeOf(() => {
      this.#groups.add(groups)
      return null
    })
  }

  leave(groups: readonly string[]): Promise<Outcome<null>> {
    return outcomeOf(() => {
      this.#groups.remove(groups)
      return null
    })
  }

  groups(prefix: string, from: string, isIncluded: boolean, limit: number): Promise<Outcome<GroupPage>> {
    return outcomeOf(() => this.#groups.page(prefix, from, isIncluded, limit))
  }

  /** Called by the platform. A partition that has become empty leaves the directory of its store. */
  override async alarm(): Promise<void> {
    const listed = new Map(this.#enrolment.groups)
    await super.alarm()
    if (listed.size === 0 || this.#enrolment.groups.size > 0) return
    // While calls are held back no write can enter the directory: none that did is removed from it.
    await this.#state.blockConcurrencyWhile(async () => {
      if (this.#enrolment.groups.size === 0 && this.#entering === 0) await this.#enrolment.leave(listed)
    })
  }

  async #commit(record: CommitRecord, changes: PartitionChanges): Promise<CommitOutcome> {
    const { key, token, result, ttlMs } = record
    const now = Date.now()
    const expiries = changes.writes.map(
      (write) => (write.kind === 'put' ? write.expiresAt : null) ?? Infinity,
    )
    // Before anything is written, so that nothing is without an alarm. One that is set in vain finds nothing to do.
    const alarm = this.expiry.by(Math.min(now + Math.ceil(ttlMs), ...expiries), now)
    const outcome = this.#state.storage.transactionSync((): CommitOutcome => {
      const refused = this.#refusal(record, changes, now)
      if (refused !== null) return refused
      writeInto(this.#entries, changes.writes)
      this.#partition.change(key, (found) => {
        const done = ledgerSteps.complete(found, { now, minFence: 0 }, token, result, ttlMs)
        return done.record ? { answer: null, record: { ...done.record, index: null } } : { answer: null }
      })
      return 'committed'
    })
    await alarm
    return outcome
  }

  /** Why nothing may be written, or nothing more has to be; `null` where the changes can be made. */
  #refusal({ key, token }: CommitRecord, { reads }: PartitionChanges, now: number): CommitOutcome | null {
    const found = this.#partition.change<LedgerRecord | undefined>(key, (record) => ({ answer: record }))
    if (found?.token !== token) return 'fenced'
    if (found.result !== null) return 'committed'
    return holdIn(this.#entries, reads, now) ? null : 'conflict'
  }

  /** Does `write` once the directory lists the groups of its keys. */
  async #listed<T>(keys: readonly string[], directory: string, write: () => Promise<T>): Promise<T> {
    const missing = this.#enrolment.missing(keys.map(groupOf))
    if (missing.length === 0) return write()
    this.#entering += 1
    try {
      await beforeApplying(() => this.#enrolment.enter(missing, directory))
      this.#enrolment.keep(missing, directory)
      return await write()
    } catch (error) {
      await this.#emptySoon()
      throw error
    } finally {
      this.#entering -= 1
    }
  }

  /** Has the alarm look whether the object can be emptied, where it has no entry. */
  async #emptySoon(): Promise<void> {
    if (this.#enrolment.groups.size === 0 || this.#entries.hasRows()) return
    const now = Date.now()
    await this.expiry.by(now, now)
  }
}
