import { describe, expect, it } from 'vitest'
import { type LedgerRecord, remainingMs } from './record.ts'

const record: LedgerRecord = {
  state: 'held',
  token: 't',
  fingerprint: 'f',
  result: 'null',
  lifeMs: 60_000,
  started: true,
  fence: 1,
  nonce: 'n',
}

describe('remainingMs', () => {
  it('ends a lease a second late, which the age of its record may be wrong by', () => {
    expect(remainingMs({ record, etag: 'e', ageMs: 60_000 })).toBe(1000)
    expect(remainingMs({ record, etag: 'e', ageMs: 61_000 })).toBe(0)
  })

  it('ends a lease that its holder gave up at once, and knows how long ago that was', () => {
    const given = { ...record, lifeMs: 0 }
    for (const ageMs of [-1000, 0]) expect(remainingMs({ record: given, etag: 'e', ageMs })).toBeCloseTo(0)
    expect(remainingMs({ record: given, etag: 'e', ageMs: 7_200_000 })).toBe(-7_200_000)
  })
})
