import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeCursor, encodeCursor } from './cursor.ts'

describe('cursors', () => {
  it('give back the place they were made of, in letters safe for a URL', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (place) => {
        const cursor = encodeCursor(place)
        expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/)
        expect(decodeCursor(cursor)).toBe(place)
      }),
    )
  })

  it('refuse whatever encodeCursor did not make', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('P', 'm', 'E', 'a', '_', '-', '=', '+', ' ') }),
        (text) => {
          let place: string
          try {
            place = decodeCursor(text)
          } catch (error) {
            expect(error).toMatchObject({ kind: 'InvalidInput' })
            return
          }
          expect(encodeCursor(place)).toBe(text)
        },
      ),
      { numRuns: 2000 },
    )
    for (const bad of ['', 'abcd', 'YWJj', `${encodeCursor('key')}=`]) {
      expect(() => decodeCursor(bad), bad).toThrow(/malformed/)
    }
  })
})
