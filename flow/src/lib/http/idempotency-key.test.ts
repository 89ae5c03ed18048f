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
function codeOf(header: string | undefined, mode: 'accepted' | 'required' = 'accepted'): string {
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
        expect(readIdempotencyKey(serializeItem(key), 'accepted')).toBe(key)
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
    expect(readIdempotencyKey(undefined, 'accepted')).toBeUndefined()
    expect(codeOf(undefined, 'required')).toBe('IDEMPOTENCY_KEY_MISSING')
    expect(codeOf(' ')).toBe('IDEMPOTENCY_KEY_MISSING')
    expect(codeOf('""')).toBe('IDEMPOTENCY_KEY_INVALID')
  })
})
