import { describe, expect, it } from 'vitest'
import type { StateSqlLimits } from '../guarantees/info.ts'
import type { SqlParameter } from './contract.ts'
import { checkedSql } from './sql-checks.ts'
import { sqlTokens } from './sql-tokens.ts'

const limits: StateSqlLimits = {
  maxStatementBytes: 2000,
  maxParameters: 3,
  maxColumns: 3,
  maxFunctionArguments: 3,
  maxLikePatternBytes: 5,
  maxRowBytes: 100,
  maxResultBytes: 1000,
}
const where = { capability: 'state', operation: 'sqlExec', key: 'one' }

function outcome(query: string, ...params: readonly SqlParameter[]): string {
  try {
    checkedSql(query, params, limits, where)
    return 'ok'
  } catch (error) {
    return error instanceof Error && 'kind' in error ? String(error.kind) : String(error)
  }
}

describe('sqlTokens', () => {
  it('tells words, texts, names, numbers, placeholders and signs, and skips comments', () => {
    const query = `select "a""b", [c d], \`e\`, 'it''s' -- ?\n /* 'x' */ FROM t1 WHERE x = ?2 AND y > :name + 1.5e3;`
    expect(sqlTokens(query).map(({ kind, text }) => `${kind} ${text}`)).toEqual([
      'word SELECT',
      'name a"b',
      'sign ,',
      'name c d',
      'sign ,',
      'name e',
      'sign ,',
      "text it's",
      'word FROM',
      'word T1',
      'word WHERE',
      'word X',
      'sign =',
      'placeholder ?2',
      'word AND',
      'word Y',
      'sign >',
      'placeholder :name',
      'sign +',
      'number 1.5e3',
      'sign ;',
    ])
  })

  it('ends what is not closed with the text', () => {
    for (const query of ["'open", '"open', '[open', '/* open', '`open', '-- open', "'", "'a''"])
      expect(sqlTokens(query).length).toBeLessThanOrEqual(1)
    expect(sqlTokens("'open")).toEqual([{ kind: 'text', text: 'open' }])
  })

  it('does not take time quadratic in the length, whatever stands there', () => {
    const started = performance.now()
    for (const part of [
      "'",
      '"',
      '[',
      '/*',
      '--',
      '(',
      'max(',
      '?',
      ':a',
      "''",
      'TABLE ',
      'CREATE TABLE t(',
      ', ',
    ])
      outcome(part.repeat(50_000 / part.length))
    for (const part of ["'", '(', 'max(', 'CREATE TABLE t(', 'LIKE ?'])
      checkTime(part.repeat(100_000 / part.length))
    expect(performance.now() - started).toBeLessThan(20_000)
  })
})

function checkTime(query: string): void {
  try {
    checkedSql(query, [], { ...limits, maxStatementBytes: 1e6, maxParameters: 1e6, maxColumns: 1e6 }, where)
  } catch {
    // Only the time counts.
  }
}

describe('checkedSql', () => {
  it('bounds the text in bytes', () => {
    expect(outcome('SELECT 1'.padEnd(2000))).toBe('ok')
    expect(outcome('SELECT 1'.padEnd(2001))).toBe('LimitExceeded')
    expect(outcome(`SELECT '${'€'.repeat(700)}'`)).toBe('LimitExceeded')
  })

  it('bounds parameters by how many are given and by the highest placeholder', () => {
    expect(outcome('SELECT ?, ?, ?', 1, 2, 3)).toBe('ok')
    expect(outcome('SELECT ?, ?, ?, ?', 1, 2, 3, 4)).toBe('LimitExceeded')
    expect(outcome('SELECT ?3', 1, 2, 3)).toBe('ok')
    expect(outcome('SELECT ?4', 1, 2, 3)).toBe('LimitExceeded')
    expect(outcome('SELECT ?3, ?', 1, 2, 3)).toBe('LimitExceeded')
    expect(outcome('SELECT :a, :b, :c, :a', 1, 2, 3)).toBe('ok')
    expect(outcome('SELECT :a, :b, :c, :d', 1, 2, 3)).toBe('LimitExceeded')
    expect(outcome('SELECT \'????\', "????" /* ???? */')).toBe('ok')
  })

  it('bounds columns of CREATE TABLE, not counting constraints', () => {
    expect(outcome('CREATE TABLE t (a, b DECIMAL(10, 2), c CHECK (c IN (1, 2, 3, 4)))')).toBe('ok')
    expect(outcome('CREATE TABLE t (a, b, c, d)')).toBe('LimitExceeded')
    expect(outcome('create temp table if not exists main."t x" (a, b, c, d)')).toBe('LimitExceeded')
    expect(
      outcome('CREATE TABLE t (a, b, c, PRIMARY KEY (a, b), UNIQUE (c), CONSTRAINT x CHECK (a > 0))'),
    ).toBe('ok')
    expect(outcome('CREATE TABLE t AS SELECT 1, 2, 3, 4')).toBe('ok')
    expect(outcome('CREATE TABLE t AS SELECT (1, 2, 3, 4) = (1, 2, 3, 4)')).toBe('ok')
    expect(outcome("SELECT 'CREATE TABLE t (a, b, c, d)'")).toBe('ok')
    expect(outcome('ALTER TABLE t ADD COLUMN a')).toBe('ok')
    expect(outcome('INSERT INTO t (a, b, c, d) VALUES (1, 2, 3, 4)')).toBe('ok')
  })

  it('bounds arguments of functions that take any number', () => {
    expect(outcome('SELECT max(1, (SELECT 2), min(3, 4, 5))')).toBe('ok')
    expect(outcome('SELECT max(1, 2, 3, 4)')).toBe('LimitExceeded')
    expect(outcome("SELECT json_object('a', 1, 'b', 2)")).toBe('LimitExceeded')
    expect(outcome('SELECT 1 IN (1, 2, 3, 4)')).toBe('ok')
    expect(outcome('INSERT INTO max (a, b, c, d) SELECT 1, 2, 3, 4')).toBe('ok')
    expect(outcome('SELECT max()')).toBe('ok')
  })

  it('bounds patterns that are a text or a parameter, also with something joined to them', () => {
    expect(outcome("SELECT a LIKE '12345' ESCAPE '\\'")).toBe('ok')
    expect(outcome("SELECT a LIKE '123456'")).toBe('LimitExceeded')
    expect(outcome("SELECT a LIKE '€€'")).toBe('LimitExceeded')
    expect(outcome("SELECT (a NOT LIKE '123456')")).toBe('LimitExceeded')
    expect(outcome('SELECT ? GLOB ?', 'long enough', '12345')).toBe('ok')
    expect(outcome('SELECT ? GLOB ?', 'x', '123456')).toBe('LimitExceeded')
    expect(outcome("SELECT a LIKE '123456' || b")).toBe('LimitExceeded')
    // What the pattern will be cannot be told.
    expect(outcome("SELECT a LIKE '{\"a\": 1}' ->> '$.a'")).toBe('ok')
    expect(outcome("SELECT a LIKE b || '123456'")).toBe('ok')
    expect(outcome("SELECT a = '123456'")).toBe('ok')
    expect(outcome('SELECT a LIKE ?', 123_456_789)).toBe('ok')
  })

  it('refuses transactions at the beginning of a statement, and nowhere else', () => {
    for (const query of ['begin', 'SELECT 1;\n-- x\n commit', 'RELEASE a', ';ROLLBACK', 'End'])
      expect(outcome(query), query).toBe('Unsupported')
    for (const query of ["SELECT ';' AS x, begin", "SELECT 'a;'; SELECT CASE WHEN 1 THEN 2 END"])
      expect(outcome(query), query).toBe('ok')
    expect(outcome('CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; END;')).toBe('ok')
  })

  it('copies bytes, and takes them as buffers too', () => {
    const bytes = Uint8Array.of(1, 2)
    const [first, second] = checkedSql('SELECT ?, ?', [bytes, bytes.buffer], limits, where)
    bytes[0] = 9
    expect([first, second]).toEqual([Uint8Array.of(1, 2), Uint8Array.of(1, 2)])
  })
})
