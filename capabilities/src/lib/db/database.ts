/** Makes a `Database` of a driver: checks statement, parameters and rows, and wraps layers. The engine is the next stop. */
import { CapabilityError } from '../error.ts'
import { checkArgument, countOrInfinityRule } from '../numbers.ts'
import { type CallScope, createPipeline, type Layer, type Pipeline } from '../layer.ts'
import { type Resource, withControl } from '../resource/resource.ts'
import type { Database, DbParameter, DbQueryOptions, DbResult, DbRow } from './contract.ts'
import type { DbDriver } from './driver.ts'

export interface CreateDatabaseOptions {
  /** Name in the bag, shown in errors and logs. Default `'db'`. */
  readonly name?: string
  /** Outermost first. Default none. */
  readonly layers?: readonly Layer[]
}

/** A database over a driver. */
export function createDatabase(
  driver: DbDriver,
  { name = 'db', layers = [] }: CreateDatabaseOptions = {},
): Database & Resource {
  const core = { driver, pipeline: createPipeline('db', name, layers) }
  const view = (_access: string, scope: CallScope | undefined) => new PortableDatabase(core, scope)
  return withControl(new PortableDatabase(core, undefined), 'db', core, view)
}

interface Core {
  readonly driver: DbDriver
  readonly pipeline: Pipeline
}

interface Place {
  readonly capability: string
  readonly operation: string
}

const defaultMaxRows = 100_000

class PortableDatabase implements Database {
  readonly #core: Core
  readonly #scope: CallScope | undefined

  constructor(core: Core, scope: CallScope | undefined) {
    this.#core = core
    this.#scope = scope
  }

  get info() {
    return this.#core.driver.info
  }

  async query<R extends DbRow = DbRow>(
    sql: string,
    parameters: readonly DbParameter[] = [],
    options?: DbQueryOptions,
  ): Promise<DbResult<R>> {
    const { driver, pipeline } = this.#core
    const where = { capability: pipeline.capability, operation: 'query' }
    if (typeof sql !== 'string' || sql.trim() === '' || !sql.isWellFormed() || sql.includes('\0')) {
      const message = 'a statement must be well-formed text, not empty, and free of NUL'
      throw new CapabilityError('InvalidInput', message, where)
    }
    const values = checkedParameters(parameters, where)
    const { maxRows = defaultMaxRows } = options ?? {}
    checkArgument('maxRows', maxRows, countOrInfinityRule(), where)
    // What the rows are is the caller's word, as with every SQL client: the engine tells only the columns.
    return pipeline.run('query', undefined, options, this.#scope, async ({ signal }) => {
      const result = await driver.query(sql, values, { signal, maxRows })
      if (result.rows.length <= maxRows) return result as DbResult<R>
      throw tooManyRows(maxRows)
    })
  }
}

/** For drivers that stop reading: what a statement with more rows than `maxRows` ends with. By then it may have written. */
export function tooManyRows(maxRows: number): CapabilityError {
  return new CapabilityError(
    'LimitExceeded',
    `the statement gives more than ${maxRows} rows; add a LIMIT, aggregate, or raise maxRows`,
    { applied: 'unknown', details: { limit: 'maxRows', max: maxRows } },
  )
}

/** The parameters as drivers take them: bytes and dates are copies, which no one changes while the call waits. */
function checkedParameters(parameters: readonly DbParameter[], where: Place): readonly DbParameter[] {
  if (!Array.isArray(parameters)) {
    const message = 'parameters are a list, in the order of the placeholders'
    throw new CapabilityError('InvalidInput', message, where)
  }
  return Array.from(parameters as readonly DbParameter[], (value, index) =>
    checkedParameter(value, index, where),
  )
}

function checkedParameter(value: DbParameter, index: number, where: Place): DbParameter {
  const refuse = (advice: string) =>
    new CapabilityError('InvalidInput', `parameter ${index + 1}: ${advice}`, where)
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value
  if (typeof value === 'string') {
    if (value.isWellFormed()) return value
    throw refuse('the text holds half of a surrogate pair')
  }
  if (typeof value === 'bigint') {
    if (value >= -largest - 1n && value <= largest) return value
    throw refuse('the bigint has more than 128 bits; give it as text')
  }
  if (value instanceof Uint8Array) return value.slice()
  if (value instanceof Date) {
    if (!Number.isNaN(value.getTime())) return new Date(value)
    throw refuse('the Date is invalid')
  }
  const advice =
    'text, a number, a bigint, a boolean, null, a Date or bytes; give JSON text for anything else'
  throw refuse(value === undefined ? 'undefined is no value; give null' : `a parameter is ${advice}`)
}

/** Of a HUGEINT, the widest integer engines know. */
const largest = 2n ** 127n - 1n
