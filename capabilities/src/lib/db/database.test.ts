import { describe, expect, expectTypeOf, it } from 'vitest'
import { CapabilityError } from '../error.ts'
import type { AccessFor, Domains, ResourceFor } from '../guarantees/domains.ts'
import { timeout } from '../layers/timeout.ts'
import { ResourceBag } from '../resource/bag.ts'
import { controlOf } from '../resource/resource.ts'
import type { Database, DbParameter, DbResult, DbRow, DbValue } from './contract.ts'
import { createDatabase, tooManyRows } from './database.ts'
import type { DbDriver, DbDriverQuery } from './driver.ts'

const info = { provider: 'test', extensions: {} }
const empty: DbResult = { columns: [], rows: [] }

function asked(answer: (sql: string) => DbResult | Promise<DbResult> = () => empty) {
  const calls: { sql: string; parameters: readonly DbParameter[]; call: DbDriverQuery }[] = []
  const driver: DbDriver = {
    info,
    query(sql, parameters, call) {
      calls.push({ sql, parameters, call })
      return answer(sql)
    },
  }
  return { driver, calls }
}

describe('createDatabase', () => {
  it('hands statement and parameters on, and the answer back', async () => {
    const result = { columns: [{ name: 'a', type: 'INTEGER' }], rows: [{ a: 1 }] }
    const { driver, calls } = asked(() => result)
    expect(await createDatabase(driver).query('SELECT ?', [1, 'x', null, 2n])).toEqual(result)
    expect(calls).toMatchObject([
      { sql: 'SELECT ?', parameters: [1, 'x', null, 2n], call: { maxRows: 100_000 } },
    ])
  })

  it('copies bytes and dates, which their owner may change meanwhile', async () => {
    const { driver, calls } = asked()
    const [bytes, date] = [Uint8Array.of(1), new Date(0)]
    const answer = createDatabase(driver).query('SELECT ?, ?', [bytes, date])
    bytes[0] = 9
    date.setFullYear(2000)
    await answer
    expect(calls[0]?.parameters).toEqual([Uint8Array.of(1), new Date(0)])
  })

  it.each([
    ['an empty statement', ' \n', []],
    ['a NUL in the statement', 'SELECT \0', []],
    ['half a surrogate pair in the statement', "SELECT '\ud800'", []],
    ['undefined', 'SELECT ?', [undefined]],
    ['a hole', 'SELECT ?', Array.from({ length: 1 })],
    ['a list without entries', 'SELECT ?', Object.assign([], { length: 1 })],
    ['an object', 'SELECT ?', [{ a: 1 }]],
    ['a list', 'SELECT ?', [[1]]],
    ['an invalid Date', 'SELECT ?', [new Date(Number.NaN)]],
    ['half a surrogate pair', 'SELECT ?', ['\udfff']],
    ['a bigint beyond 128 bits', 'SELECT ?', [2n ** 127n]],
    ['parameters that are no list', 'SELECT ?', { 0: 1 }],
  ])('refuses %s', async (_name, sql, parameters) => {
    const { driver, calls } = asked()
    await expect(createDatabase(driver).query(sql, parameters as never)).rejects.toMatchObject({
      kind: 'InvalidInput',
      capability: 'db',
      operation: 'query',
    })
    expect(calls).toEqual([])
  })

  it.each([0, -1, 1.5, Number.NaN])('refuses maxRows %d', async (maxRows) => {
    await expect(createDatabase(asked().driver).query('SELECT 1', [], { maxRows })).rejects.toMatchObject({
      kind: 'InvalidInput',
    })
  })

  it('is LimitExceeded with more rows than maxRows, whether the driver stops or not', async () => {
    const rows = [{ a: 1 }, { a: 2 }, { a: 3 }]
    const tells = createDatabase(asked(() => ({ columns: [], rows })).driver)
    const stops = createDatabase(asked(() => Promise.reject(tooManyRows(2))).driver)
    for (const db of [tells, stops]) {
      await expect(db.query('SELECT 1', [], { maxRows: 2 })).rejects.toMatchObject({
        kind: 'LimitExceeded',
        // The statement has run, and may have written.
        applied: 'unknown',
        details: { limit: 'maxRows', max: 2 },
      })
    }
    expect((await tells.query('SELECT 1', [], { maxRows: 3 })).rows).toHaveLength(3)
    expect((await tells.query('SELECT 1', [], { maxRows: Infinity })).rows).toHaveLength(3)
  })

  it('passes the signal on, and says Cancelled when it fired', async () => {
    const abort = new AbortController()
    const { driver, calls } = asked(() => {
      abort.abort()
      throw new Error('the engine was interrupted')
    })
    await expect(
      createDatabase(driver).query('SELECT 1', [], { signal: abort.signal }),
    ).rejects.toMatchObject({
      kind: 'Cancelled',
    })
    expect(calls[0]?.call.signal?.aborted).toBe(true)
  })

  it('goes through its layers, under its name', async () => {
    const { driver } = asked(() => new Promise(() => undefined))
    const db = createDatabase(driver, { name: 'db:files', layers: [timeout({ timeoutMs: 1 })] })
    await expect(db.query('SELECT 1')).rejects.toMatchObject({ kind: 'Timeout', capability: 'db:files' })
    expect(controlOf('db:files', db).layers).toEqual(['timeout'])
  })

  it('gives errors of the driver a place, and hides what is none', async () => {
    const own = createDatabase(asked(() => Promise.reject(new CapabilityError('NotFound', 'x'))).driver)
    await expect(own.query('SELECT 1')).rejects.toMatchObject({
      kind: 'NotFound',
      capability: 'db',
      operation: 'query',
    })
    const foreign = createDatabase(asked(() => Promise.reject(new Error('secret'))).driver)
    const error = await foreign.query('SELECT 1').catch((error: unknown) => error)
    expect(error).toMatchObject({ kind: 'Unexpected' })
    expect(JSON.stringify(error)).not.toContain('secret')
  })

  it('is closed and checked by its bag', async () => {
    const did: string[] = []
    const driver = {
      ...asked().driver,
      check: () => void did.push('check'),
      close: () => void did.push('close'),
    }
    const bag = ResourceBag.empty().with('db', createDatabase(driver))
    await bag.control('db').check()
    await bag.close()
    expect(did).toEqual(['check', 'close'])
  })

  it('lends a run its signal, and no way back to the whole', async () => {
    const { driver, calls } = asked()
    const { signal } = new AbortController()
    const view = controlOf('db', createDatabase(driver)).view('write', { signal }) as Database
    await view.query('SELECT 1')
    expect(calls[0]?.call.signal).toBe(signal)
    expect(view.info).toBe(info)
    expect(controlOf('db', view).layers).toEqual([])
  })
})

describe('types of Database', () => {
  it('are those of the contract', () => {
    const db = createDatabase(asked().driver)
    expectTypeOf<ResourceFor<'db:files'>>().toEqualTypeOf<Database>()
    expectTypeOf<AccessFor<'db'>>().toEqualTypeOf<'write'>()
    expectTypeOf<Domains['db']['access']['write']>().toEqualTypeOf<Database>()
    expectTypeOf(db.query('SELECT 1')).resolves.toEqualTypeOf<DbResult<DbRow>>()
    expectTypeOf(db.query<{ id: bigint }>('SELECT 1'))
      .resolves.toHaveProperty('rows')
      .toEqualTypeOf<readonly { id: bigint }[]>()
    expectTypeOf<DbRow['x']>().toEqualTypeOf<DbValue>()
    // @ts-expect-error an object is no parameter
    void (() => db.query('SELECT ?', [{ a: 1 }]))
    // @ts-expect-error undefined is no parameter
    void (() => db.query('SELECT ?', [undefined]))
    // @ts-expect-error a function is no value of a row
    void (() => db.query<{ id: () => void }>('SELECT 1'))
    // @ts-expect-error rows are not to be changed
    void (async () => ((await db.query('SELECT 1')).rows[0] = {}))
  })
})
