import { CapabilityError } from '@flowport/capabilities'
import { describe, expect, it } from 'vitest'
import { isEngineLost, missingFile, translateError } from './translate-error.ts'

const statement = {
  names: new Map<string, string>(),
  lineShift: 0,
  isParquet: false,
  version: 'v0.9.1',
  hasRepository: false,
}
const translate = (message: string, more: Partial<typeof statement> = {}) =>
  translateError(new Error(message), { ...statement, ...more })

describe('translateError', () => {
  it.each([
    ['Parser Error: syntax error at or near "x"\nLINE 1: x\n        ^', 'InvalidInput'],
    ['Binder Error: Referenced column "x" not found', 'InvalidInput'],
    ['Catalog Error: Table with name t does not exist!', 'InvalidInput'],
    ['Conversion Error: Could not convert', 'InvalidInput'],
    ['Constraint Error: Duplicate key "id: 1" violates primary key', 'AlreadyExists'],
    ['Constraint Error: NOT NULL constraint failed', 'InvalidInput'],
    ['Not implemented Error: no', 'Unsupported'],
    ['IO Error: No files found that match the pattern "x"', 'NotFound'],
    ["Invalid Input Error: No magic bytes found at end of file 'opfs://x'", 'Corrupt'],
    ['Out of Memory Error: failed to allocate', 'LimitExceeded'],
    ['std::bad_alloc', 'LimitExceeded'],
    ['memory access out of bounds', 'Unavailable'],
    ['query was canceled', 'Cancelled'],
    ['Invalid Error: NotReadableError: The requested file could not be read', 'Unavailable'],
    ['Invalid Error: [Exception... "File error: Not found"  nsresult: "0x80520012', 'Unavailable'],
    ['something else', 'Unexpected'],
    // Data that a message quotes decides nothing.
    ["Conversion Error: Could not convert string 'corrupt, out of memory' to INT32", 'InvalidInput'],
    ["Conversion Error: Could not convert string 'NotReadableError' to INT32", 'InvalidInput'],
    ['Invalid Input Error: query was canceled by IO Error: No files found', 'InvalidInput'],
    ["Conversion Error: 'x\nIO Error: No files found that match the pattern'", 'InvalidInput'],
  ])('%s is %s', (message, kind) => {
    expect(translate(message).kind).toBe(kind)
  })

  it('keeps the position, and counts lines as the caller does', () => {
    expect(translate('Parser Error: x\nLINE 2: selec\n ^', { lineShift: 1 }).reason).toBe(
      'Parser Error: x\nLINE 1: selec\n ^',
    )
  })

  it('reads what newer versions tell as JSON', () => {
    const json = JSON.stringify({
      exception_type: 'Parser',
      exception_message: 'syntax error\n\nLINE 2: selec',
      position: '0',
    })
    const error = translate(json, { lineShift: 1 })
    expect(error).toMatchObject({
      kind: 'InvalidInput',
      reason: 'Parser Error: syntax error\n\nLINE 1: selec',
    })
    expect(translate('{"exception_type" is no JSON').kind).toBe('Unexpected')
  })

  it('names files as the caller does', () => {
    const names = new Map([['flowport-copy-0.csv', 'opfs://out.csv']])
    expect(translate('Invalid Input Error: cannot write flowport-copy-0.csv', { names }).reason).toContain(
      'opfs://out.csv',
    )
  })

  it('shows no stack of the engine', () => {
    const error = new Error('boom')
    error.stack = 'at wasm://secret'
    const translated = translateError(error, statement)
    expect(JSON.stringify(translated)).not.toContain('wasm')
    expect((translated.cause as Error).stack).not.toContain('wasm://secret')
  })

  it('explains the traps of a version without parquet', () => {
    const trap = 'table index is out of bounds'
    const newer = { isParquet: true, version: 'v1.4.3' }
    expect(translate(trap, newer)).toMatchObject({ kind: 'Misconfigured', code: 'DUCKDB_PARQUET' })
    expect(translate(trap, newer).message).toContain('@duckdb/duckdb-wasm@1.28.0')
    expect(translate(trap, { ...newer, hasRepository: true }).message).toContain(
      'v1.4.3/wasm_eh/parquet.duckdb_extension.wasm',
    )
    expect(translate(trap, { ...newer, isParquet: false }).kind).toBe('Unavailable')
  })

  it('passes our own errors on', () => {
    const own = new CapabilityError('NotFound', 'x')
    expect(translateError(own, statement)).toBe(own)
  })
})

describe('missingFile', () => {
  const looked = 'No files found that match the pattern "opfs://a.csv"'

  it.each([
    [`IO Error: ${looked}`, 'opfs://a.csv'],
    [`IO Error: ${looked}\nLINE 1: FROM v`, 'opfs://a.csv'],
    [JSON.stringify({ exception_type: 'IO', exception_message: looked }), 'opfs://a.csv'],
    ['IO Error: No files found that match the pattern "plain.csv"', null],
    [`Conversion Error: Could not convert string '${looked}' to INT32`, null],
    [`Conversion Error: Could not convert string '\nIO Error: ${looked}' to INT32`, null],
    [`Invalid Input Error: IO Error: ${looked}`, null],
    [`IO Error: ${looked} and data behind it`, null],
    [looked, null],
  ])('%s', (message, uri) => {
    expect(missingFile(new Error(message))).toBe(uri)
  })
})

describe('isEngineLost', () => {
  it('tells a broken engine from a failed statement', () => {
    const trap = new Error('unreachable')
    trap.name = 'RuntimeError'
    expect(isEngineLost(trap)).toBe(true)
    expect(isEngineLost(new Error('Parser Error: unreachable'))).toBe(false)
    expect(isEngineLost(new CapabilityError('Unavailable', 'x', { code: 'DUCKDB_LOST' }))).toBe(true)
    expect(isEngineLost(new CapabilityError('Unavailable', 'x'))).toBe(false)
  })
})
