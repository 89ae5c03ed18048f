import { describe, expect, it } from 'vitest'
import { isRepeatable, verbOf } from './statement.ts'

describe('a SQL statement', () => {
  it.each([
    'SELECT 1',
    '  -- insert\n select * from t',
    "/* UPDATE */ FROM read_csv('opfs://a.csv')",
    'WITH a AS (SELECT 1), b(x) AS MATERIALIZED (SELECT 2) SELECT * FROM a, b',
    `SELECT 'insert into t; delete', "update", $$ ; insert $$`,
    "SELECT 'it''s; INSERT'",
    "COPY (SELECT * FROM t) TO 'opfs://x.parquet' (FORMAT parquet)",
    "COPY t TO 'opfs://x.csv'",
    'CREATE OR REPLACE TABLE t AS SELECT 1',
    'CREATE TABLE IF NOT EXISTS t (a INT)',
    'DROP TABLE IF EXISTS t',
    'DELETE FROM t WHERE a = ?',
    'EXPLAIN ANALYZE SELECT 1',
    'SELECT 1;',
    'SUMMARIZE t',
    'WITH RECURSIVE insert(a) AS (SELECT 1), "y" AS MATERIALIZED (SELECT 2) SELECT * FROM insert',
  ])('may be done twice: %s', (sql) => {
    expect(isRepeatable(sql)).toBe(true)
  })

  it.each([
    'INSERT INTO t VALUES (1)',
    'update t set a = a + 1',
    'WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a',
    'WITH delete AS (SELECT 1) INSERT INTO t SELECT * FROM delete',
    'WITH RECURSIVE select AS (SELECT 1), "x" AS NOT MATERIALIZED (SELECT 2) INSERT INTO t SELECT 1',
    'MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE',
    "COPY t FROM 'opfs://x.csv'",
    'CREATE TABLE t (a INT)',
    'DROP TABLE t',
    'ALTER TABLE t ADD COLUMN b INT',
    'EXPLAIN ANALYZE INSERT INTO t VALUES (1)',
    'SELECT 1; INSERT INTO t VALUES (1)',
    "ATTACH 'x.db'",
    'CALL something()',
    '',
    '-- only a comment',
    "'a text that does not end",
  ])('may not: %s', (sql) => {
    expect(isRepeatable(sql)).toBe(false)
  })

  it('takes no time on text made to take some', () => {
    for (const part of ["'", '"', '$', '$a$', '/*', '(', '--', 'a ', "''", '; ']) {
      expect(typeof verbOf(part.repeat(100_000))).toBe('string')
    }
  }, 20_000)
})
