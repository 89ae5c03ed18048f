/** Ready nodes over `db`: SQL with bound parameters. */
import { CapabilityError, type Database, type DbParameter } from '@flowport/capabilities'
import { node } from '../node.ts'
import { opaque } from '../schema.ts'
import { type Field, type Fields, fieldsSchema } from './fields.ts'
import { type QueryRows, rowsJson } from './rows.ts'
import { isRepeatable, verbOf } from './statement.ts'

export interface DuckDbQueryInput {
  /** One statement. Values belong into `params`, never into the text. */
  readonly sql: string
  /** Bound to `?` in order. Default none. */
  readonly params?: readonly DbParameter[]
  /** Most rows; more of them is `LimitExceeded`. Default 100 000. */
  readonly maxRows?: number
}

export interface DuckDbExecuteInput extends DuckDbQueryInput {
  /** What names this change: with the same key it is made once. */
  readonly key: string
}

const fields = {
  sql: { type: 'string', summary: 'One statement' },
  params: { type: 'array', optional: true, summary: 'Bound to ? in order' },
  maxRows: { type: 'integer', optional: true, min: 1 },
} as const satisfies Record<string, Field>

const queryFields: Fields = new Map(Object.entries(fields))
const executeFields: Fields = new Map<string, Field>([...queryFields, ['key', { type: 'string' }]])

const query = node('duckdb.query', {
  summary: 'Runs a SQL statement that reads, or that replaces what it made before',
  input: fieldsSchema<DuckDbQueryInput>(queryFields),
  output: opaque<QueryRows>(),
  uses: { db: 'write' },
  idempotency: 'natural',
  run(input, { db }) {
    if (!isRepeatable(input.sql)) throw notRepeatable(input.sql)
    return run(db, input)
  },
})

const execute = node('duckdb.execute', {
  summary: 'Runs a SQL statement once per key',
  input: fieldsSchema<DuckDbExecuteInput>(executeFields),
  output: opaque<QueryRows>(),
  uses: { db: 'write' },
  // A statement that the engine refused has changed nothing; one whose answer was lost may have.
  idempotency: { key: '/key', unknown: 'never', begins: 'effect' },
  run: (input, { db }) => run(db, input),
})

/**
 * Ready nodes over the resource `db`. `query` takes what may be done again: statements that read, replace (`COPY … TO`,
 * `CREATE OR REPLACE`) or remove. `execute` takes any statement and a key, and runs it once per key (needs `dedupe`).
 */
export const duckdb = { query, execute } as const

/** Why `duckdb.query` does not take a statement. */
export function refusalOf(sql: string): string {
  return `${verbOf(sql) || 'this'} is no statement that may be done twice, as after a crash: use duckdb.execute with a key`
}

async function run(db: Database, { sql, params, maxRows }: DuckDbQueryInput): Promise<QueryRows> {
  return rowsJson(await db.query(sql, params, maxRows === undefined ? {} : { maxRows }))
}

function notRepeatable(sql: string): CapabilityError {
  return new CapabilityError('InvalidInput', refusalOf(sql), { capability: 'db', operation: 'query' })
}
