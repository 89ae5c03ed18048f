import { expect, it } from 'vitest'
import { digest } from './digest.ts'

it.each([0, 1, 64 * 1024, 64 * 1024 + 1])(
  'returns the same SHA-256 of %i bytes as WebCrypto',
  async (length) => {
    const bytes = new Uint8Array(length).map((_, index) => index % 251)
    const expected = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
    expect(Uint8Array.from(await digest(bytes))).toEqual(expected)
  },
)
