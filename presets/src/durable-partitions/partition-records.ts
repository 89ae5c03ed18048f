/** The ledger records of a partition. A sweep of them sweeps its entries, too: they share an alarm, and the object is emptied as a whole. */
import type { ObjectSql } from '../cloudflare/durable/object-state.ts'
import type { KvEntries } from '../cloudflare/durable-ledger/kv-entries.ts'
import { SqlRecords } from '../cloudflare/durable-ledger/sql-records.ts'
import type { Enrolment } from './enrolment.ts'
import type { GroupTable } from './groups.ts'

export interface BesideRecords {
  readonly entries: KvEntries
  readonly groups: GroupTable
  readonly enrolment: Enrolment
}

export class PartitionRecords extends SqlRecords {
  readonly #beside: BesideRecords

  constructor(sql: ObjectSql, beside: BesideRecords) {
    super(sql)
    this.#beside = beside
  }

  override sweep(now: number): number | null {
    const { entries, groups } = this.#beside
    const due = [super.sweep(now), entries.sweep(now), groups.isEmpty ? null : Infinity]
    const left = due.filter((at) => at !== null)
    return left.length === 0 ? null : Math.min(...left)
  }

  override emptied(): void {
    super.emptied()
    for (const part of Object.values(this.#beside) as readonly { emptied(): void }[]) part.emptied()
  }
}
