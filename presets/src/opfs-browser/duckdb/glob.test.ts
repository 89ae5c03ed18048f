import { createStorage, memoryScheme } from '@flowport/capabilities/storage'
import { describe, expect, it } from 'vitest'
import { expandGlob, globMatcher, isGlob } from './glob.ts'

describe('globMatcher', () => {
  it.each([
    [
      'opfs://d/*.csv',
      ['opfs://d/a.csv', 'opfs://d/.csv'],
      ['opfs://d/e/a.csv', 'opfs://d/a.csv2', 'opfs://d/aXcsv'],
    ],
    ['opfs://d/**/*.csv', ['opfs://d/a.csv', 'opfs://d/e/f/a.csv'], ['opfs://x/a.csv']],
    [
      'opfs://d/x**/*.csv',
      ['opfs://d/xa.csv', 'opfs://d/xy/z/a.csv'],
      ['opfs://d/x/a.csv', 'opfs://d/y/a.csv'],
    ],
    ['opfs://d/**', ['opfs://d/', 'opfs://d/e/f'], ['opfs://d']],
    ['opfs://d/a?.csv', ['opfs://d/ab.csv', 'opfs://d/a😀.csv'], ['opfs://d/a.csv', 'opfs://d/a/.csv']],
    ['opfs://d/[a-c]1', ['opfs://d/b1'], ['opfs://d/d1', 'opfs://d/-1']],
    ['opfs://d/[!a]1', ['opfs://d/b1'], ['opfs://d/a1', 'opfs://d//1']],
    ['opfs://d/[^]1', ['opfs://d/^1'], ['opfs://d/a1']],
    ['opfs://d/y=*/m=*/x', ['opfs://d/y=1/m=2/x'], ['opfs://d/y=1/x']],
    ['opfs://d/(a)+$.{2}*', ['opfs://d/(a)+$.{2}'], ['opfs://d/aa']],
  ])('%s', (pattern, matches, others) => {
    const matcher = globMatcher(pattern)
    expect(matches.filter((uri) => !matcher.test(uri))).toEqual([])
    expect(others.filter((uri) => matcher.test(uri))).toEqual([])
  })

  it('takes a plain URI for none', () => {
    expect(isGlob('opfs://a b(c).csv')).toBe(false)
    expect(isGlob('opfs://a*.csv')).toBe(true)
  })
})

describe('expandGlob', () => {
  const storage = createStorage({ schemes: [memoryScheme()] })

  it('lists in byte order, below the folder only', async () => {
    for (const name of ['b.csv', 'a.csv', 'e/c.csv', 'x.txt'])
      await storage.write(`memory://glob/${name}`, '')
    expect(await expandGlob(storage, 'memory://glob/*.csv', undefined)).toEqual([
      'memory://glob/a.csv',
      'memory://glob/b.csv',
    ])
    expect(await expandGlob(storage, 'memory://glob/**/*.csv', undefined)).toHaveLength(3)
    expect(await expandGlob(storage, 'memory://*/e/?.csv', undefined)).toEqual(['memory://glob/e/c.csv'])
  })

  it('is NotFound with the pattern where nothing matches', async () => {
    await expect(expandGlob(storage, 'memory://glob/*.parquet', undefined)).rejects.toMatchObject({
      kind: 'NotFound',
      key: 'memory://glob/*.parquet',
    })
  })

  it('takes no longer for many stars than for few', () => {
    const matcher = globMatcher(`memory://${'*a'.repeat(200)}`)
    expect(matcher.test(`memory://${'a'.repeat(1000)}b`)).toBe(false)
    expect(matcher.test(`memory://${'a'.repeat(1000)}`)).toBe(true)
  })

  it('is no URL, whose query begins with "?"', () => {
    expect(['https://a.test/x.parquet?sig=1', 'HTTP://a.test/*'].map(isGlob)).toEqual([false, false])
    expect(isGlob('s3://b/x?.csv')).toBe(true)
  })
})
