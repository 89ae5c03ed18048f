/** The Durable Object classes of the ledger: one for each kind of storage. */
import type { ObjectState } from '../cloudflare/durable/object-state.ts'
import { LedgerBase } from '../cloudflare/durable-ledger/ledger-base.ts'
import { SqlRecords } from '../cloudflare/durable-ledger/sql-records.ts'
import { LegacyRecords } from './legacy-records.ts'

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
