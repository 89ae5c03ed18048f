import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { statementFiles } from './files.ts'

const refusalOf = (sql: string): string => {
  try {
    statementFiles(sql)
    return 'allowed'
  } catch (error) {
    return (error as Error).message
  }
}

describe('statements that work on files by themselves are refused', () => {
  it.each([
    // Files of the engine's memory.
    ["COPY t TO 'plain.csv'", 'a COPY reads or writes'],
    ["copy/**/(select 1)/* to 'opfs://x' */to 'plain.csv'", 'a COPY reads or writes'],
    ['COPY t TO STDOUT', 'a COPY reads or writes'],
    ['COPY t TO $$opfs://a.csv$$', 'a COPY reads or writes'],
    ["COPY t TO E'opfs://a.csv'", 'a COPY reads or writes'],
    ["COPY t FROM 'plain.csv'", 'a COPY reads or writes'],
    ["COPY t FROM E'http://evil.test/x'", 'a COPY reads or writes'],
    ['COPY FROM DATABASE a TO b', 'a COPY reads or writes'],
    ["EXPLAIN ANALYZE COPY t TO 'plain.csv'", 'a COPY reads or writes'],
    ["EXPLAIN (FORMAT json) COPY t TO 'plain.csv'", 'a COPY reads or writes'],
    ["PREPARE p AS COPY t TO 'opfs://x.csv'", 'a COPY cannot be prepared'],
    ["PREPARE p(INTEGER) AS COPY t TO 'plain.csv'", 'a COPY cannot be prepared'],
    ["COPY t TO 'opfs://a'\n'b.csv'", 'next to each other'],
    // Databases, directories and extensions.
    ["ATTACH ':memory:' AS x", 'ATTACH is refused'],
    ["ATTACH 'opfs://a.duckdb'", 'ATTACH is refused'],
    ["  /* a */ -- b\n attach DATABASE 'y.db'", 'ATTACH is refused'],
    ['DETACH x', 'DETACH is refused'],
    ["EXPORT DATABASE 'x'", 'EXPORT DATABASE is refused'],
    ["EXPORT DATABASE 'opfs://a' (FORMAT parquet)", 'EXPORT DATABASE is refused'],
    ["IMPORT DATABASE 'x'", 'IMPORT DATABASE is refused'],
    ["PRAGMA import_database('x')", 'import_database is refused'],
    ['INSTALL httpfs', 'INSTALL is refused'],
    ['FORCE INSTALL httpfs', 'FORCE is refused'],
    ["LOAD 'httpfs'", 'LOAD is refused'],
    ['UPDATE EXTENSIONS', 'UPDATE is refused'],
    ['UPDATE EXTENSIONS (httpfs)', 'UPDATE is refused'],
    ["CREATE OR REPLACE PERSISTENT SECRET s (TYPE s3, KEY_ID 'k')", 'CREATE SECRET is refused'],
    // Settings.
    ["SET custom_extension_repository = 'https://evil.test'", 'SET custom_extension_repository is refused'],
    ['SET GLOBAL autoinstall_known_extensions = true', 'SET autoinstall_known_extensions is refused'],
    ['RESET autoload_known_extensions', 'RESET autoload_known_extensions is refused'],
    [`SET "s3_endpoint" TO 'evil.test'`, 'SET s3_endpoint is refused'],
    ["SET home_directory='/x'", 'SET home_directory is refused'],
    ["PRAGMA profiling_output='x.json'", 'PRAGMA profiling_output is refused'],
    ["PRAGMA show('https://evil.test/x.csv')", 'PRAGMA show is refused'],
    // Functions.
    ["SELECT * FROM glob('*')", 'glob() is refused'],
    [`SELECT * FROM "glob"('*')`, 'glob() is refused'],
    ["SELECT * FROM system.main.glob ('opfs://a/*')", 'glob() is refused'],
    ["SELECT 1 FROM t, glob('*')", 'glob() is refused'],
    ["CALL glob('*')", 'glob() is refused'],
    ["SELECT * FROM query('FROM x')", 'query() is refused'],
    ["SELECT * FROM sqlite_scan('https://evil.test/a.db', 't')", 'sqlite_scan() is refused'],
    ["SELECT * FROM main.read_xlsx('https://evil.test/a')", 'read_xlsx() is refused'],
    ["CREATE TABLE t AS SELECT * FROM st_read('https://evil.test/a')", 'st_read() is refused'],
    // Files whose names are not literals of the statement.
    ["SELECT * FROM read_csv('opfs://' || name)", 'part of an expression'],
    ["SELECT * FROM read_csv(concat('https://evil.test', '/x'))", 'part of an expression'],
    ["SELECT * FROM read_csv(getvariable('v'))", 'part of an expression'],
    ['SELECT * FROM read_csv((SELECT url FROM t))', 'part of an expression'],
    ["SELECT * FROM read_csv(['opfs://a', url])", 'part of an expression'],
    ['SELECT * FROM read_csv($$https://evil.test/x$$)', 'part of an expression'],
    [`SELECT * FROM read_csv("https://evil.test/x")`, 'part of an expression'],
    [`SELECT * FROM "read_csv"(E'https://evil.test/x')`, 'part of an expression'],
    ['CREATE MACRO files(f) AS TABLE SELECT * FROM read_csv_auto(f)', 'part of an expression'],
    ["CREATE TABLE t AS SELECT * FROM read_parquet(lower('HTTPS://EVIL.TEST/X'))", 'part of an expression'],
    ['FROM $$https://evil.test/x.csv$$', 'one plain literal'],
    ["FROM E'https://evil.test/x.csv'", 'one plain literal'],
    [`FROM "https://evil.test/x".csv`, 'one plain literal'],
    ["FROM 'https:'\n'//evil.test/x.csv'", 'next to each other'],
    ["FROM\u00a0'https://evil.test/x.csv'", 'U+00A0'],
    [`FROM U&"https://evil.test/x.csv"`, 'U&'],
    ['SELEC 1', 'no statement begins with SELEC'],
  ])('%s', (sql, said) => {
    expect(refusalOf(sql)).toContain(said)
  })
})

describe('statements that touch no file, or name it by its URI, run', () => {
  it.each([
    "SELECT 'COPY t TO x', 'glob(1)', $$ATTACH 'x'$$ FROM t -- INSTALL x",
    "SELECT name FROM t WHERE name GLOB ('a*') AND x.name GLOB ('b')",
    '(SELECT 1) UNION (SELECT 2)',
    'EXPLAIN (SELECT 1)',
    'EXPLAIN ANALYZE SELECT 1;',
    'WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a',
    'INSERT INTO read_log (a, b) VALUES (1, 2)',
    'CREATE TABLE IF NOT EXISTS main.my_scan (a INTEGER)',
    'CREATE MACRO twice(x) AS x * 2',
    "CREATE OR REPLACE TEMP VIEW v AS FROM read_csv(['opfs://a.csv', 'opfs://b.csv'], header = true)",
    'PREPARE p AS SELECT * FROM read_csv(?)',
    'EXECUTE p(1)',
    "SET memory_limit = '1GB'",
    "SET TimeZone = 'UTC'",
    "SET VARIABLE x = 'http'",
    "SET search_path = 'main'",
    "PRAGMA table_info('t')",
    'UPDATE extensions SET a = 1',
    'BEGIN TRANSACTION',
    'SUMMARIZE t',
    "COPY (SELECT 1) TO 'opfs://out.csv' (HEADER)",
    "COPY t(a, b) FROM 'opfs://in.csv' (HEADER)",
    '',
    ';',
  ])('%s', (sql) => {
    expect(refusalOf(sql)).toBe('allowed')
  })
})

describe('names in the place of a table', () => {
  it.each([
    'UPDATE "http://evil.test/x.csv" SET a = 1',
    'TABLE "http://evil.test/x.csv"',
    `COPY "http://evil.test/x.csv" TO 'opfs://x.csv'`,
    'VACUUM "http://evil.test/x.csv"',
    'DELETE FROM t USING "http://evil.test/x.csv"',
    'INSERT INTO t TABLE "http://evil.test/x.csv"',
    'MERGE INTO t USING "http://evil.test/x.csv" ON true',
    'CREATE INDEX i ON "http://evil.test/x.csv"(a)',
    'SELECT * FROM t ASOF JOIN "http://evil.test/x.csv" USING (a)',
  ])('are files, which the storage opens or refuses: %s', (sql) => {
    expect(statementFiles(sql).files.map(({ uri }) => uri)).toContain('http://evil.test/x.csv')
  })

  it('are names where the statement makes them', () => {
    expect(statementFiles('CREATE TABLE "opfs://a" AS SELECT 1 AS "https://b"').files).toEqual([])
  })
})

describe('whatever the text', () => {
  it('only errors of the contract come, in time that is linear in its length', () => {
    const words =
      "COPY |TO |'opfs://a'|'x'|ATTACH |;|(|)|[|]|,|read_csv|.|$$|'|\"|/*|*/|--|\n|EXPLAIN |PREPARE |AS |FROM |GLOB|&|U|?|\u00a0"
    const unit = fc.constantFrom(...words.split('|'))
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 40 }), (sql) => {
        try {
          statementFiles(sql)
        } catch (error) {
          expect(error).toMatchObject({ kind: expect.stringMatching(/^(?:InvalidInput|Unsupported)$/) })
        }
      }),
      { numRuns: 2000 },
    )
    for (const long of [
      'a.'.repeat(50_000),
      '('.repeat(50_000),
      "read_csv(['x',".repeat(20_000),
      'read_csv['.repeat(20_000),
    ])
      expect(refusalOf(`SELECT ${long}`)).toBeTypeOf('string')
  })
})
