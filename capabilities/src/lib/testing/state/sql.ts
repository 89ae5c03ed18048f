/** Durable state cases: SQL, where the store has it. */
import { expect } from 'vitest'
import type { SqlParameter, StateHandle } from '../../state/contract.ts'
import { all, type ConformanceCase, type ConformanceGroup, refused } from '../conformance.ts'
import { everyByte, textOfBytes } from '../samples.ts'
import { lacks, needs, type StateSubject } from './subject.ts'

const withSql = (
  name: string,
  run: (one: StateHandle, subject: StateSubject) => Promise<void>,
): ConformanceCase<StateSubject> => ({
  name,
  skip: needs('sql'),
  run: (subject) => run(subject.state.of('one'), subject),
})

export const sql: ConformanceGroup<StateSubject> = {
  name: 'sql',
  cases: [
    {
      name: 'without features.sql every statement is Unsupported',
      skip: lacks('sql'),
      async run({ state }) {
        const { sql: none } = state.of('one')
        await refused(none.exec('SELECT 1'), 'Unsupported')
        await refused(all(none.iterate('SELECT 1')), 'Unsupported')
      },
    },
    withSql('exec writes and reads, and gives the rows of the last statement', async ({ sql }) => {
      expect(
        await sql.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (7, NULL)'),
      ).toEqual([])
      expect(await sql.exec('INSERT INTO t (v) VALUES (?) RETURNING id, v', 'x')).toEqual([{ id: 8, v: 'x' }])
      expect(await sql.exec('SELECT id, v FROM t ORDER BY id')).toEqual([
        { id: 7, v: null },
        { id: 8, v: 'x' },
      ])
      expect(await sql.exec({ query: 'SELECT v FROM t WHERE id = ?', params: [8] })).toEqual([{ v: 'x' }])
    }),
    withSql('texts, numbers, bytes and NULL come back as they went in', async ({ sql }) => {
      const values: readonly SqlParameter[] = [
        '',
        'Grüße 😀',
        0,
        -1.5,
        2 ** 53 - 1,
        null,
        everyByte,
        new Uint8Array(),
      ]
      for (const value of values) expect(await sql.exec('SELECT ? AS v', value)).toEqual([{ v: value }])
      expect(await sql.exec('SELECT ? AS v', everyByte.slice().buffer)).toEqual([{ v: everyByte }])
    }),
    withSql('objects have databases of their own', async ({ sql }, { state }) => {
      await sql.exec('CREATE TABLE t (a)')
      await refused(state.of('two').sql.exec('SELECT * FROM t'), 'InvalidInput')
    }),
    withSql('the statements of one call are all or none', async ({ sql }) => {
      await sql.exec('CREATE TABLE t (a UNIQUE)')
      await refused(
        sql.exec('INSERT INTO t VALUES (1); INSERT INTO t VALUES (2); SELECT nothing FROM t'),
        'InvalidInput',
      )
      await refused(sql.exec('INSERT INTO t VALUES (1); INSERT INTO t VALUES (1)'), 'AlreadyExists')
      expect(await sql.exec('SELECT * FROM t')).toEqual([])
    }),
    withSql('what SQLite does not take is InvalidInput', async ({ sql }) => {
      for (const query of ['', '  ', 'SELEC 1', 'SELECT nothing', 'SELECT ?', '-- nothing'])
        await refused(sql.exec(query), 'InvalidInput')
      await refused(sql.exec('SELECT ?', 1, 2), 'InvalidInput')
      await refused(all(sql.iterate('SELEC 1')), 'InvalidInput')
    }),
    withSql('a bigint, boolean, Date, NaN, undefined or object is no parameter', async ({ sql }) => {
      const wrong: readonly unknown[] = [1n, true, new Date(0), Number.NaN, Infinity, undefined, {}, []]
      for (const value of wrong) {
        const error = await refused(sql.exec('SELECT ?', value as SqlParameter), 'InvalidInput')
        expect(error.message).toContain('parameter 1: ')
        expect(error.message).toContain(' give ')
      }
    }),
    withSql('transactions cannot be begun or ended, but the words may stand in texts', async ({ sql }) => {
      for (const query of [
        'BEGIN',
        'begin immediate',
        ' /* x */ COMMIT',
        'SELECT 1; ROLLBACK',
        'SAVEPOINT a',
        'END',
      ])
        await refused(sql.exec(query), 'Unsupported')
      expect(await sql.exec("SELECT '; BEGIN' AS v -- x")).toEqual([{ v: '; BEGIN' }])
      await sql.exec('CREATE TABLE t (a)')
      await sql.exec('CREATE TRIGGER tr AFTER INSERT ON t BEGIN DELETE FROM t WHERE a < 0; END')
      await sql.exec('INSERT INTO t VALUES (-1)')
      expect(await sql.exec('SELECT * FROM t')).toEqual([])
    }),
    withSql('iterate gives every row in order, and may be left at any row', async ({ sql }) => {
      await sql.exec('CREATE TABLE t (n INTEGER PRIMARY KEY)')
      await sql.exec(
        'INSERT INTO t SELECT n FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 2500) SELECT n FROM c)',
      )
      const rows = await all(sql.iterate('SELECT n FROM t WHERE n > ? ORDER BY n', 10))
      expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: 2490 }, (_, i) => i + 11))
      expect(await all(sql.iterate({ query: 'SELECT n FROM t WHERE n > ?', params: [9999] }))).toEqual([])
      let seen = 0
      for await (const _ of sql.iterate('SELECT n FROM t')) if (++seen === 3) break
      expect(seen).toBe(3)
      // Two cursors over the same rows do not disturb each other, nor does a write in between.
      let count = 0
      for await (const { n } of sql.iterate('SELECT n FROM t WHERE n <= 40 ORDER BY n')) {
        count += 1
        if (n === 20) {
          expect(await all(sql.iterate('SELECT n FROM t WHERE n <= 40 ORDER BY n'))).toHaveLength(40)
          await sql.exec('INSERT INTO t VALUES (9999)')
        }
      }
      expect(count).toBe(40)
    }),
    withSql('statements go up to their limits, and one more is LimitExceeded', async ({ sql }, { info }) => {
      const { limits } = info
      if (limits.sql === undefined) return expect.fail('features.sql without limits.sql')
      const { maxStatementBytes, maxParameters, maxColumns, maxLikePatternBytes, maxFunctionArguments } =
        limits.sql
      const list = (count: number, item: (i: number) => string) =>
        Array.from({ length: count }, (_, i) => item(i)).join()
      await edge(maxStatementBytes, (bytes) => sql.exec('SELECT 1'.padEnd(bytes)))
      await edge(maxParameters, (count) =>
        sql.exec(`SELECT 1 IN (${list(count, () => '?')})`, ...Array<number>(count).fill(1)),
      )
      await edge(maxColumns, (count) =>
        sql.exec(`CREATE TABLE t${count} (${list(count, (i) => `c${i} TEXT`)}, UNIQUE (c0, c1))`),
      )
      await edge(maxLikePatternBytes, (bytes) => sql.exec('SELECT ? LIKE ?', 'x', textOfBytes(bytes)))
      await edge(maxLikePatternBytes, (bytes) => sql.exec(`SELECT 'x' NOT LIKE '${textOfBytes(bytes)}'`))
      await edge(maxLikePatternBytes, (bytes) => sql.exec('SELECT ?2 GLOB ?1', textOfBytes(bytes), 'x'))
      await edge(maxFunctionArguments, (count) => sql.exec(`SELECT max(${list(count, String)})`))
    }),
    withSql(
      'a parameter is as large as a row may be, and one byte more is LimitExceeded',
      async ({ sql }, { info }) => {
        const max = info.limits.sql?.maxRowBytes ?? 0
        await edge(max, (bytes) => sql.exec('SELECT length(?)', textOfBytes(bytes)))
        await edge(max, (bytes) => sql.exec('SELECT length(?)', new Uint8Array(bytes)))
      },
    ),
  ],
}

/** One under, at, and one over a limit. */
async function edge(limit: number, call: (count: number) => Promise<unknown>): Promise<void> {
  await call(limit - 1)
  await call(limit)
  await refused(call(limit + 1), 'LimitExceeded')
}
