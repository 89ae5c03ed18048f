/** A cursor that stays open in the object while its caller reads; the platform tells it when the caller has let go. */
import { RpcTarget } from 'cloudflare:workers'
import { CapabilityError } from '@flowport/capabilities'
import { type Outcome, outcomeOf } from '../cloudflare/durable/outcome.ts'
import { batchBytes, batchRows } from './limits.ts'
import type { SqlBatch, SqlCursorCalls } from './protocol.ts'
import type { RowReader } from './rows.ts'
import { sqlTranslated } from './translate-sql-error.ts'

export class SqlCursor extends RpcTarget implements SqlCursorCalls {
  readonly #open: Set<SqlCursor>
  #rows: RowReader | undefined

  /** `open` holds the cursors of the object that are open, this one included from now on. */
  constructor(rows: RowReader, open: Set<SqlCursor>) {
    super()
    this.#rows = rows
    this.#open = open
    open.add(this)
  }

  next(): Promise<Outcome<SqlBatch>> {
    return outcomeOf(() => {
      const rows = this.#rows
      if (rows === undefined) {
        throw new CapabilityError('InvalidInput', 'the cursor is closed; run the statement again')
      }
      const batch = sqlTranslated(() => rows.batch(batchRows, batchBytes))
      if (batch.done) this.#close()
      return batch
    })
  }

  /** Called by the platform when the last caller has let go, or its connection is gone. */
  [Symbol.dispose](): void {
    this.#close()
  }

  /** SQLite's statement goes with the reader: workerd has no call to end one. */
  #close(): void {
    this.#rows = undefined
    this.#open.delete(this)
  }
}
