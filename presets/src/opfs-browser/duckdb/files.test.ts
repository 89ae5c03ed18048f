import { describe, expect, it } from 'vitest'
import { statementFiles } from './files.ts'

const places = (sql: string) => statementFiles(sql).files.map(({ place, uri }) => `${place} ${uri}`)

describe('statementFiles', () => {
  it.each([
    ["select * from 'opfs://a.csv'", ['table opfs://a.csv']],
    ['select * from "opfs://a b.csv" t', ['table opfs://a b.csv']],
    ["from 'opfs://a.csv' select a, 'opfs://no'", ['table opfs://a.csv']],
    ["select * from read_parquet('opfs://a''b.parquet')", ["argument opfs://a'b.parquet"]],
    ["select * from READ_CSV ( 'opfs://a', header = true, x = 'opfs://no' )", ['argument opfs://a']],
    [
      "select * from read_csv(['opfs://a', 's3://b/c'], names = ['opfs://no'])",
      ['item opfs://a', 'item s3://b/c'],
    ],
    [
      "select * from 'opfs://a.csv' a, 'opfs://b.csv' b join 'opfs://c.csv' c on (a.x = c.x), 'opfs://d.csv' where u = 'opfs://no'",
      ['table opfs://a.csv', 'table opfs://b.csv', 'table opfs://c.csv', 'table opfs://d.csv'],
    ],
    [
      "select * from ('opfs://a.csv' a join 'opfs://b.csv' b using (id))",
      ['table opfs://a.csv', 'table opfs://b.csv'],
    ],
    ["select 'opfs://no' as x, * from t where u in ('opfs://no', 'opfs://no2')", []],
    ["select u is distinct from 'opfs://no', u is not distinct from 'opfs://no2' from t", []],
    ["select trim(both from 'opfs://no'), extract(year from 'opfs://no') from t", []],
    ["select * from t order by 'opfs://no', 'opfs://no'", []],
    [
      "select (select max(a) from 'opfs://a.csv'), (select 1 from 'opfs://b.csv') from c",
      ['table opfs://a.csv', 'table opfs://b.csv'],
    ],
    ["with x as (select * from 'opfs://a.csv') select * from x", ['table opfs://a.csv']],
    ["copy t to 'opfs://out.csv' (header, delimiter ';')", ['copy-to opfs://out.csv']],
    [
      "copy (select * from 'opfs://a.csv') to 'opfs://out/b.parquet' (format 'parquet')",
      ['table opfs://a.csv', 'copy-to opfs://out/b.parquet'],
    ],
    ["copy t from 'opfs://a.csv'", ['copy-from opfs://a.csv']],
    ["explain copy t to 'opfs://out.csv'", ['copy-to opfs://out.csv']],
    ["describe 'opfs://a.csv'", ['table opfs://a.csv']],
    ["summarize 'opfs://a.csv'", ['table opfs://a.csv']],
    ["create table t as from 'opfs://a.csv'", ['table opfs://a.csv']],
    ["insert into t select * from 'opfs://a.csv' limit 1", ['table opfs://a.csv']],
    ["-- from 'opfs://no'\nselect 1 /* from 'opfs://no' */", []],
    ["select $$ from 'opfs://no' $$ from t", []],
    ["select * from 'local.csv', read_csv('also.csv')", []],
    ["select 'opfs://x' from t;", []],
  ])('%s', (sql, expected) => {
    expect(places(sql)).toEqual(expected)
  })

  it('tells where each is', () => {
    const sql = `select * from 'opfs://a.csv' join "opfs://b""c.csv" on true`
    const found = statementFiles(sql).files.map(({ start, end }) => sql.slice(start, end))
    expect(found).toEqual(["'opfs://a.csv'", '"opfs://b""c.csv"'])
  })

  it.each([
    ['select * from read_parquet(?)', [1]],
    ['select ?, * from read_csv(?, header = ?)', [2]],
    ['select * from read_csv($3) where a = $1', [3]],
    ['select * from read_csv([?, ?])', [1, 2]],
    ['select f(?) from t', []],
  ])('%s is given files as parameters', (sql, expected) => {
    expect(statementFiles(sql).parameters).toEqual(expected)
  })

  it.each([
    ['select 1; select 2', 'InvalidInput', 'one statement'],
    ["copy t to 'opfs://a' (format parquet, partition_by (x))", 'Unsupported', 'many files'],
    ["select 1 -- ;\n; attach 'x'", 'InvalidInput', 'one statement'],
    ["select 1_$$;attach 'x' as y --$$", 'InvalidInput', 'one statement'],
  ])('refuses %s', (sql, kind, said) => {
    expect(() => statementFiles(sql)).toThrow(
      expect.objectContaining({ kind, message: expect.stringContaining(said) }),
    )
  })

  it('sees semicolons that end nothing', () => {
    expect(() => statementFiles("select ';' ; ; -- end")).not.toThrow()
  })
})
