import { describe, expect, it } from 'vitest'
import { didYouMean } from './nearest.ts'

describe('didYouMean', () => {
  it.each([
    ['strorage.read', ['storage.read', 'duckdb.query'], ' (did you mean "storage.read"?)'],
    ['int', ['text', 'integer'], ' (did you mean "integer"?)'],
    ['wholly-other', ['storage.read'], ''],
    ['x'.repeat(65), ['x'.repeat(66)], ''],
  ])('%s', (name, names, suggestion) => expect(didYouMean(name, names)).toBe(suggestion))

  it('compares with 200 names at most', () => {
    let asked = 0
    const names = {
      *[Symbol.iterator]() {
        for (; ; asked++) yield `a-name-like-others-${asked}`
      },
    }
    expect(didYouMean('something-else', names)).toBe('')
    expect(asked).toBe(200)
  })
})
