/** Runs one statement on the engine and reads its rows, in batches that can be cancelled between. */
import {
  beforeApplying,
  CapabilityError,
  type DbParameter,
  type DbResult,
  type DbRow,
  isCapabilityError,
  tooManyRows,
  withApplied,
} from '@flowport/capabilities'
import type { Engine } from './engine.ts'
import { literal } from './literals.ts'
import type { ArrowBatch, ArrowReader, ArrowSchema } from './module.ts'
import { isSign, isWord, type SqlToken, sqlTokens } from './tokens.ts'
import { converter, hasDictionary, type Numbers, typeName } from './values.ts'

export interface ExecuteOptions {
  readonly maxRows: number
  readonly numbers: Numbers
  readonly signal: AbortSignal | undefined
}

/** Name of the prepared statement; one at a time. */
const prepared = 'flowport_statement'

/** Lines before the caller's text in what the engine is sent. */
export function lineShiftOf(parameters: readonly DbParameter[]): number {
  return parameters.length === 0 ? 0 : 1
}

/** Aborting ends it with an error as soon as the engine lets go. The engine is fit for the next statement then. */
export async function execute(
  engine: Engine,
  sql: string,
  parameters: readonly DbParameter[],
  options: ExecuteOptions,
): Promise<DbResult> {
  const first = sqlTokens(sql).find((token) => !isSign(token, '('))
  const isRead = isWord(first, ...reading)
  if (parameters.length === 0) return run(engine, { sql, isRead }, options)
  if (!isRead && !isWord(first, ...writing)) throw unpreparable(first)
  const { alive, connection } = engine
  await alive(connection.query(`PREPARE ${prepared} AS\n${sql}`))
  const bound = `EXECUTE ${prepared}(${parameters.map(literal).join(', ')})`
  return cleanedUp(run(engine, { sql: bound, isRead }, options), () =>
    alive(connection.query(`DEALLOCATE ${prepared}`)),
  )
}

/** The answer once `clean` is done. What failed first tells more than what fails because of it. */
async function cleanedUp<T>(answer: Promise<T>, clean: () => Promise<unknown>): Promise<T> {
  const [settled] = await Promise.allSettled([answer])
  const [cleaned] = await Promise.allSettled([clean()])
  if (settled.status === 'rejected') throw settled.reason
  if (cleaned.status === 'rejected') throw cleaned.reason
  return settled.value
}

/** First words of what `PREPARE` takes. */
const reading = ['SELECT', 'FROM', 'WITH', 'VALUES', 'TABLE', 'PIVOT', 'UNPIVOT']
const writing = ['INSERT', 'UPDATE', 'DELETE', 'COPY']

function unpreparable(first: SqlToken | undefined): CapabilityError {
  const message = `a statement that begins with ${first?.text ?? 'nothing'} takes no parameters; they go with SELECT, INSERT, UPDATE, DELETE and COPY: create a table first, then fill it`
  return new CapabilityError('Unsupported', message)
}

async function run(
  engine: Engine,
  statement: { readonly sql: string; readonly isRead: boolean },
  options: ExecuteOptions,
): Promise<DbResult> {
  const { alive, connection } = engine
  const { signal } = options
  signal?.throwIfAborted()
  // The engine may be gone by then, which the statement itself is told.
  const cancel = () => void alive(connection.cancelSent()).catch(() => undefined)
  signal?.addEventListener('abort', cancel, { once: true })
  try {
    const reader = await alive(connection.send(statement.sql))
    const result = await readRows(engine, reader, options).catch((error: unknown) => {
      // What this driver refuses of the rows comes after the statement ran; what the engine refuses it has rolled back.
      throw isCapabilityError(error) ? withApplied(error, statement.isRead ? 'no' : 'unknown') : error
    })
    if (result !== null) return result
    if (!statement.isRead) {
      const message = 'an ENUM cannot be given by a statement that writes; cast it to VARCHAR'
      throw new CapabilityError('Unsupported', message, { applied: 'unknown' })
    }
    const table = await alive(connection.query(statement.sql))
    const rows = rowReader(table.schema, options)
    await beforeApplying(() => {
      for (const batch of table.batches) rows.add(batch)
    })
    return rows.result
  } finally {
    signal?.removeEventListener('abort', cancel)
  }
}

/** `null` where a column is an ENUM: the engine forgets to send the names of its values when rows come in batches. */
async function readRows(
  { alive, connection }: Engine,
  reader: ArrowReader,
  options: ExecuteOptions,
): Promise<DbResult | null> {
  let isDone = false
  const read = async () => {
    await alive(reader.open())
    const { schema } = reader
    if (schema.fields.some(({ type }) => hasDictionary(type))) return null
    const rows = rowReader(schema, options)
    const batches = reader[Symbol.asyncIterator]()
    for (;;) {
      const next = await alive(batches.next())
      if (next.done === true) break
      options.signal?.throwIfAborted()
      rows.add(next.value)
    }
    isDone = true
    return rows.result
  }
  // Ends the stream, and with it what the engine holds of its files.
  return cleanedUp(read(), async () => isDone || (await alive(connection.query('SELECT 1'))))
}

function rowReader(schema: ArrowSchema, { maxRows, numbers }: ExecuteOptions) {
  const names = uniqueNames(schema)
  const convert = schema.fields.map((field) => converter(field, numbers))
  const rows: DbRow[] = []
  const columns = schema.fields.map(({ type }, index) => ({ name: names[index] ?? '', type: typeName(type) }))
  return {
    result: { columns, rows } satisfies DbResult,
    add(batch: ArrowBatch) {
      if (rows.length + batch.numRows > maxRows) throw tooManyRows(maxRows)
      const vectors = schema.fields.map((_field, index) => batch.getChildAt(index))
      for (let row = 0; row < batch.numRows; row++) {
        const values = vectors.map((vector, column) => [
          names[column],
          convert[column]?.(vector?.get(row)) ?? null,
        ])
        rows.push(Object.fromEntries(values) as DbRow)
      }
    },
  }
}

/** A name that is there already gets a number, so that no value is lost: `id`, `id_1`. */
function uniqueNames({ fields }: ArrowSchema): readonly string[] {
  const taken = new Set(fields.map(({ name }) => name))
  const given = new Set<string>()
  return fields.map(({ name }) => {
    let unique = name
    for (let number = 1; given.has(unique) || (unique !== name && taken.has(unique)); number++)
      unique = `${name}_${number}`
    given.add(unique)
    return unique
  })
}
