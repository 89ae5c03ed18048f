/** SQL of one object: statements checked, rows read through a cursor that is closed however the loop ends. */
import { CapabilityError } from '../error.ts'
import type { SqlParameter, SqlRow, SqlStatement, StateSql } from './contract.ts'
import type { StateDriverSql, StateDriverStatement } from './driver.ts'
import { at, type Seat } from './place.ts'
import { checkedSql } from './sql-checks.ts'

interface Ready {
  readonly sql: StateDriverSql
  readonly statement: StateDriverStatement
  readonly options: { readonly signal: AbortSignal | undefined }
}

export class PortableSql implements StateSql {
  readonly #seat: Seat

  constructor(seat: Seat) {
    this.#seat = seat
  }

  async exec(query: string | SqlStatement, ...params: readonly SqlParameter[]): Promise<readonly SqlRow[]> {
    const { pipeline, name, scope } = this.#seat
    const { sql, statement, options } = this.#ready('sqlExec', query, params)
    return pipeline.run('sqlExec', name, options, scope, ({ signal }) =>
      sql.exec(name, statement, { signal }),
    )
  }

  async *iterate(
    query: string | SqlStatement,
    ...params: readonly SqlParameter[]
  ): AsyncGenerator<SqlRow, void, void> {
    const { pipeline, name, scope } = this.#seat
    const { sql, statement, options } = this.#ready('sqlOpen', query, params)
    const cursor = await pipeline.run('sqlOpen', name, options, scope, ({ signal }) =>
      sql.open(name, statement, { signal }),
    )
    let isOpen = true
    try {
      while (isOpen) {
        const batch = await pipeline.run('sqlNext', name, options, scope, ({ signal }) =>
          cursor.next({ signal }),
        )
        isOpen = !batch.done
        yield* batch.rows
      }
    } finally {
      if (isOpen) await cursor.close()
    }
  }

  #ready(operation: string, query: string | SqlStatement, params: readonly SqlParameter[]): Ready {
    const { driver } = this.#seat
    const { features, limits, provider } = driver.info
    const where = at(this.#seat, operation)
    if (!features.sql || driver.sql === undefined || limits.sql === undefined) {
      throw new CapabilityError(
        'Unsupported',
        `${provider} has no SQL; keep what you store in entries`,
        where,
      )
    }
    const given: SqlStatement = typeof query === 'object' ? query : { query, params }
    const text = given.query
    const checked = checkedSql(text, given.params ?? [], limits.sql, where)
    return {
      sql: driver.sql,
      statement: { query: text, params: checked },
      options: { signal: given.signal },
    }
  }
}
