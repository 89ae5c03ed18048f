/** Rows read from a cursor with a bound, and made into objects again at the caller. */
import { CapabilityError, type SqlRow, type SqlValue } from '@flowport/capabilities'
import type {
  ObjectSql,
  ObjectSqlCursor,
  SqlBinding,
  SqlValue as Cell,
} from '../cloudflare/durable/object-state.ts'
import { durableStateLimits } from './limits.ts'
import type { SqlBatch } from './protocol.ts'

type Row = readonly Cell[]

/** Rows as arrays: two columns of one name stay two. */
interface RawCursor extends ObjectSqlCursor<Record<string, Cell>> {
  raw(): IterableIterator<Row>
}

/** Rows of one statement, one ahead of what was asked for, so that the last batch says it is the last. */
export class RowReader {
  readonly #columns: readonly string[]
  readonly #rows: IterableIterator<Row>
  #next: IteratorResult<Row>

  constructor(sql: ObjectSql, query: string, params: readonly SqlValue[]) {
    const cursor = sql.exec(query, ...(params as SqlBinding[])) as RawCursor
    this.#columns = cursor.columnNames
    this.#rows = cursor.raw()
    this.#next = this.#rows.next()
  }

  /** At least one row, if there is one, and then no more than `maxRows` and `maxBytes`. */
  batch(maxRows: number, maxBytes: number): SqlBatch {
    const rows: Row[] = []
    let bytes = 0
    while (this.#next.done !== true) {
      bytes += bytesOf(this.#next.value)
      if (rows.length > 0 && (rows.length === maxRows || bytes > maxBytes)) break
      rows.push(this.#next.value)
      this.#next = this.#rows.next()
    }
    return { columns: this.#columns, rows, done: this.#next.done === true }
  }
}

/** All rows of a statement; `LimitExceeded` when they are more than an answer holds. */
export function allRows(sql: ObjectSql, query: string, params: readonly SqlValue[]): SqlBatch {
  const { maxResultBytes } = durableStateLimits.sql
  const batch = new RowReader(sql, query, params).batch(Number.POSITIVE_INFINITY, maxResultBytes)
  if (batch.done) return batch
  throw new CapabilityError(
    'LimitExceeded',
    `the rows are more than ${maxResultBytes} bytes; read them with iterate, or select fewer`,
    { details: { limit: 'maxResultBytes', max: maxResultBytes } },
  )
}

/** Rows as callers see them. Of two columns of one name the last counts. */
export function rowsOf({ columns, rows }: SqlBatch): readonly SqlRow[] {
  return rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, valueOf(row[index])])))
}

function valueOf(cell: Cell | undefined): SqlValue {
  if (cell instanceof ArrayBuffer) return new Uint8Array(cell)
  return cell ?? null
}

/** About what a row takes on the wire. */
function bytesOf(row: Row): number {
  return row.reduce<number>((sum, cell) => sum + cellBytes(cell), 8)
}

function cellBytes(cell: Cell): number {
  if (typeof cell === 'string') return cell.length + 4
  return cell instanceof ArrayBuffer ? cell.byteLength + 4 : 8
}
