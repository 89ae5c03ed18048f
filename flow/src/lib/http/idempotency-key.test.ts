import fc from 'fast-check'
import { serializeItem } from 'structured-headers'
import { describe, expect, it } from 'vitest'
import { readIdempotencyKey } from './idempotency-key.ts'
import { HttpProblem } from './problem.ts'

const printable = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 255,
})

/** The code of the problem it ends in. */
function codeOf(header: string | undefined, mode: 'optional' | 'required' = 'optional'): string {
  try {
    readIdempotencyKey(header, mode)
    return 'no problem'
  } catch (error) {
    return error instanceof HttpProblem && error.status === 400 ? error.code : 'not a 400'
  }
}

describe('an Idempotency-Key', () => {
  it('reads back every string a Structured Field can hold', () => {
    fc.assert(
      fc.property(printable, (key) => {
        expect(readIdempotencyKey(serializeItem(key), 'optional')).toBe(key)
      }),
    )
  })

  it('is the same key quoted and bare', () => {
    const token = fc.stringMatching(/^[A-Za-z0-9_:.-]{1,64}$/)
    fc.assert(
      fc.property(token, (key) => {
        expect(readIdempotencyKey(key, 'required')).toBe(readIdempotencyKey(`"${key}"`, 'required'))
      }),
    )
  })

  it('never makes anything but a key or a 400 of what comes', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        expect(codeOf(header)).not.toBe('not a 400')
      }),
    )
  })

  it('may be missing unless it is required', () => {
    expect(readIdempotencyKey(undefined, 'optional')).toBeUndefined()
    expect(codeOf(undefined, 'required')).toBe('IDEMPOTENCY_KEY_MISSING')
    expect(codeOf(' ')).toBe('IDEMPOTENCY_KEY_MISSING')
    expect(codeOf('""')).toBe('IDEMPOTENCY_KEY_INVALID')
  })

  // RFC 9651, 3.3.3 and 3.1.2: strings and their parameters, after the themes of the HTTP working group's
  // structured-field-tests; their cases are not copied.
  it.each([
    ['"abc"', 'abc'],
    ['  "abc"  ', 'abc'],
    ['"a b"', 'a b'],
    ['" a "', ' a '],
    ['"a\\"b"', 'a"b'],
    ['"a\\\\b"', 'a\\b'],
    ['"\\\\\\""', '\\"'],
    ['"\'"', "'"],
    ['"a,b;c=d"', 'a,b;c=d'],
    ['"%20"', '%20'],
    ['"1"', '1'],
    ['"?1"', '?1'],
    ['":YQ==:"', ':YQ==:'],
    ['"~!@#$^&*()_+-={}[]|:<>./"', '~!@#$^&*()_+-={}[]|:<>./'],
    // Parameters are allowed and mean nothing here.
    ['"a";b', 'a'],
    ['"a";b=1', 'a'],
    ['"a"; b="c;d"', 'a'],
    ['"a";b=?0;c=*x;d=:YQ==:', 'a'],
    ['"a";b=1.5;c=-1', 'a'],
    ['"a";   b', 'a'],
    // Bare: any visible ASCII without quotes, commas and semicolons.
    ['abc', 'abc'],
    ['  abc ', 'abc'],
    ['8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['a/b+c==', 'a/b+c=='],
    ['1', '1'],
    ['?1', '?1'],
    ["'a'", "'a'"],
    [`"${'k'.repeat(255)}"`, 'k'.repeat(255)],
    ['k'.repeat(255), 'k'.repeat(255)],
  ])('%s is the key %s', (header, key) => {
    expect(readIdempotencyKey(header, 'required')).toBe(key)
  })

  it.each([
    '"',
    '"a',
    'a"',
    '"a" "b"',
    '"a", "b"',
    '"a","a"',
    '"a"b',
    '"a"=1',
    '"a\\b"',
    '"a\\',
    '"a\\"',
    '"a\tb"',
    '"a\u0000b"',
    '"a\u007fb"',
    '"é"',
    '"日本"',
    '"a";',
    '"a";B',
    '"a";b=',
    '"a";b="c',
    '"a";1',
    '"a";b=é',
    'a b',
    'a,b',
    'a;b',
    'a\tb',
    'é',
    '😀',
    '\u201ca\u201d',
    `"${'k'.repeat(256)}"`,
    'k'.repeat(256),
  ])('%s is a 400', (header) => {
    expect(codeOf(header, 'required')).toBe('IDEMPOTENCY_KEY_INVALID')
  })
})
