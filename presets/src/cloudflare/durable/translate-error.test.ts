import { CapabilityError } from '@flowport/capabilities'
import { describe, expect, it } from 'vitest'
import { translateError } from './translate-error.ts'

/** An error as the platform throws it, with the properties that say what it means. */
function platformError(message: string, properties: object = {}): Error {
  return Object.assign(new Error(message), properties)
}

describe('translateError', () => {
  it.each([
    ['retryable', { retryable: true }, 'Unavailable', 'temporary'],
    ['overloaded', { overloaded: true }, 'RateLimited', 'never'],
    ['overloaded and retryable', { overloaded: true, retryable: true }, 'RateLimited', 'never'],
    ['reset', { durableObjectReset: true, remote: true }, 'Unavailable', 'temporary'],
  ])('what the platform marks as %s', (_, properties, kind, retryable) => {
    const original = platformError('secret of the object', properties)
    const error = translateError(original)
    expect(error).toMatchObject({ kind, retryable, cause: original })
    expect(String(error)).not.toContain('secret of the object')
  })

  it('says no of a call that an overloaded object never got, and unknown of what may have run', () => {
    const said = (error: Error) => (translateError(error) as CapabilityError).applied
    expect(said(platformError('x', { overloaded: true, retryable: true }))).toBe('no')
    expect(said(platformError('string or blob too big: SQLITE_TOOBIG'))).toBe('no')
    expect(said(platformError('x', { retryable: true }))).toBe('unknown')
    expect(said(platformError('x', { durableObjectReset: true }))).toBe('unknown')
    expect(said(platformError('Serialized RPC arguments or return values are limited to 32MiB'))).toBe(
      'unknown',
    )
  })

  it.each([
    ['Network connection lost.', 'Unavailable'],
    ['string or blob too big: SQLITE_TOOBIG', 'LimitExceeded'],
    ['database or disk is full: SQLITE_FULL', 'LimitExceeded'],
    ['Values cannot be larger than 131072 bytes.', 'LimitExceeded'],
    ['Serialized RPC arguments or return values are limited to 32MiB, but', 'LimitExceeded'],
    ['SQL is not enabled for this Durable Object class. To enable it, change', 'Misconfigured'],
    ['The RPC receiver does not implement "reserve".', 'Misconfigured'],
  ])('what only its message tells: %s', (message, kind) => {
    expect(translateError(platformError(message, { remote: true }))).toMatchObject({ kind })
  })

  it('leaves what it does not know, and what is translated already', () => {
    for (const error of [
      new Error('a bug'),
      platformError('a bug', { remote: true, retryable: false }),
      'text',
      null,
    ]) {
      expect(translateError(error)).toBe(error)
    }
    const known = new CapabilityError('Cancelled', 'gone')
    expect(translateError(known)).toBe(known)
  })
})
