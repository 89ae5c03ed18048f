import { env } from 'cloudflare:workers'
import { reset } from 'cloudflare:test'
import { createBlobStore, silentLogger } from '@flowport/capabilities'
import { afterEach, describe, expect, it } from 'vitest'
import { R2BindingDriver } from '../../src/cloudflare-r2/binding-driver.ts'
import { type R2BucketLike } from '../../src/cloudflare-r2/binding.ts'
import { defaultPartBytes } from '../../src/cloudflare-r2/info.ts'
import { cloudflareR2Twin } from '../../src/cloudflare/testing.ts'

afterEach(() => reset())

/** Composed keys that some store, path or query language would change or mix up. */
const keys = [
  [
    ' ',
    'a b',
    ' leading',
    'trailing ',
    'a+b',
    'a%b',
    'a%2Fb',
    'a%20b',
    '%',
    '100%25',
    'a?b=c&d',
    'a#b',
    "it's",
  ],
  [
    '"quoted"',
    '<tag>',
    'a|b',
    'a*b',
    'a:b',
    '[a]{b}(c)',
    '$var',
    '~',
    '^',
    '!',
    '@',
    '--',
    '_',
    '.hidden',
    '...',
  ],
  [
    '..double',
    'a..b',
    'CON',
    'nul.txt',
    '__proto__',
    'constructor',
    'null',
    'case',
    'Case',
    'caf\u00e9',
    'ß',
    'SS',
  ],
  [
    '\u03a9',
    '\ufb01',
    'fi',
    '日本語',
    'עברית',
    '😀',
    '👩‍👩‍👧‍👦',
    '\u200b',
    '\u202e',
    '\u00a0',
    '\ufeff',
    '\u{10ffff}',
  ],
].flat()

describe.each([
  ['in workerd', (): R2BucketLike => env.BUCKET],
  ['on the twin', () => cloudflareR2Twin({ writesPerSecondPerKey: Infinity })],
])('keys of R2 %s', (_, bucket) => {
  const open = () =>
    createBlobStore(new R2BindingDriver({ bucket: bucket(), log: silentLogger, partBytes: defaultPartBytes }))

  it('are kept apart when they are composed, alone and within a path', async () => {
    const blob = open()
    const all = [...keys, ...keys.map((key) => `dir/${key}/leaf`)]
    for (const key of all) await blob.put(key, `value of ${key}`)
    for (const key of all) expect(await (await blob.get(key))?.text(), key).toBe(`value of ${key}`)
    const listed: string[] = []
    for await (const { key } of blob.entries()) listed.push(key)
    expect(listed.toSorted()).toEqual(all.toSorted())
  })

  it('are selected by composed prefixes', async () => {
    const blob = open()
    const stored = ['a', 'a/b', 'a/bc', 'a/b/c', 'a0', 'A/b', 'ab', 'b/a', '\u00e4/1', '😀/1', '😀2']
    for (const key of stored) await blob.put(key, 'value')
    for (const prefix of ['a', 'a/', 'a/b', 'a/b/', 'A', '\u00e4/', '😀', '😀/', 'nothing', '']) {
      const listed: string[] = []
      for await (const { key } of blob.entries({ prefix })) listed.push(key)
      expect(listed.toSorted(), prefix).toEqual(stored.filter((key) => key.startsWith(prefix)).toSorted())
    }
  })

  it('are refused when they are not', async () => {
    const blob = open()
    for (const key of ['cafe\u0301', 'dire\u0301/x', '\u212b', '\u2126', 'a\u0308/1']) {
      await expect(blob.put(key, 'value')).rejects.toMatchObject({ kind: 'InvalidInput' })
    }
    expect((await blob.list()).objects).toEqual([])
  })
})
