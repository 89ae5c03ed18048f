import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { awkwardSegments, controlSegments } from '@flowport/capabilities/testing'
import { checkedPath, pathFault } from './key.ts'
import { escapedNames, namesWithin, plainNames } from './names.ts'

const where = { capability: 'blob', operation: 'put' }
const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }).filter((s) => s.isWellFormed())
const segment = text.filter((s) => !s.includes('/') && s !== '.' && s !== '..')
const awkward = [...awkwardSegments, ...controlSegments]

/** What a file system takes for a path within its root, without any change. */
function isSafe(path: string): boolean {
  if (pathFault(path) !== null) return false
  return path.split('/').every((part) => Buffer.byteLength(part) <= 255)
}

describe('keys as they are', () => {
  const names = plainNames(['.flowport-staging/'])

  it('are refused when OpenDAL would change them or leave its root', () => {
    const bad = ['', '.', '..', '../a', 'a/../b', 'a/.', './a', '/a', 'a/', 'a//b', 'a\0b', 'a\ud800', 'a\\b']
    const spaced = [' a', 'a ', '\u00a0a', 'a\u2028', '\ta', 'a\n', 'a\u0085', ' ', 'd/a ']
    for (const key of [...bad, ...spaced]) {
      expect(() => names.toPath(key, where), JSON.stringify(key)).toThrow(
        expect.objectContaining({ kind: 'InvalidInput', capability: 'blob' }),
      )
      expect(names.toKey(key)).toBeNull()
    }
    expect(() => checkedPath(7 as never, where)).toThrow(/empty|NUL/)
  })

  it('are themselves otherwise, also with space within', () => {
    for (const key of [
      'a',
      'a/b c/d',
      'a+%?#&',
      'é/日本語/😀',
      '..a',
      'a..b',
      ' b'.trim(),
      'a/ b',
      '\ufeffx',
    ]) {
      expect(names.toPath(key, where)).toBe(key)
      expect(names.toKey(key)).toBe(key)
    }
  })

  it('are refused and not listed in hidden folders', () => {
    for (const key of ['.flowport-staging/x', '.flowport-staging']) {
      expect(() => names.toPath(key, where)).toThrow(/kept for the store/)
      expect(names.toKey(key)).toBeNull()
    }
    expect(names.toPath('.flowport-staging2', where)).toBe('.flowport-staging2')
  })
})

describe('escaped keys', () => {
  it('come back from paths that nothing changes', () => {
    const paths = escapedNames('/')
    const flat = escapedNames(null)
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), (segments) => {
        const key = segments.join('/')
        const path = paths.toPath(key, where)
        expect(isSafe(path), path).toBe(true)
        expect(paths.toKey(path)).toBe(key)
      }),
    )
    fc.assert(
      fc.property(text, (key) => {
        const path = flat.toPath(key, where)
        expect(isSafe(path), path).toBe(true)
        expect(flat.toKey(path)).toBe(key)
      }),
    )
    for (const key of [
      ...awkward,
      ...awkward.map((each) => `d/${each}/leaf`),
      '=',
      '+',
      'a+',
      'a=',
      'a+/b',
      'x'.repeat(600),
    ]) {
      if (/(^|\/)\.\.?(\/|$)/.test(key)) continue
      expect(paths.toKey(paths.toPath(key, where)), key).toBe(key)
      expect(isSafe(paths.toPath(key, where)), key).toBe(true)
    }
  })

  it('have a path each, and no path is a folder of another', () => {
    const names = escapedNames('/')
    const keys = [
      'a',
      'a/b',
      'a/b/c',
      'a+',
      'a+/b',
      'a=',
      'a=/b',
      'x'.repeat(200),
      'x'.repeat(201),
      `${'x'.repeat(200)}/y`,
    ]
    const paths = keys.map((key) => names.toPath(key, where))
    expect(new Set(paths).size).toBe(keys.length)
    for (const path of paths) for (const other of paths) expect(other.startsWith(`${path}/`)).toBe(false)
  })

  it('are found in the folder of each of their prefixes', () => {
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.nat(), (segments, cut) => {
        const names = escapedNames('/')
        const key = segments.join('/')
        const prefix = [...key].slice(0, cut % ([...key].length + 1)).join('')
        expect(names.toPath(key, where).startsWith(names.folderOf(prefix))).toBe(true)
      }),
    )
  })

  it('are only the names that this encoding writes', () => {
    const names = escapedNames('/')
    for (const path of [
      'a%41',
      'a%zz',
      'a/b',
      'a+',
      'a+/',
      '',
      '%FF',
      'a%2fb',
      '.DS_Store',
      'lost+found/x',
      'a b ',
      '.flowport-staging/x',
    ]) {
      expect(names.toKey(path), path).toBeNull()
    }
  })

  it('are refused when they are no keys, or too long for a path', () => {
    const names = escapedNames('/')
    for (const key of ['', 'a//b', '/a', 'a\ud800'])
      expect(() => names.toPath(key, where)).toThrow(/well-formed/)
    expect(() => names.toPath('%'.repeat(1200), where)).toThrow(
      expect.objectContaining({ kind: 'LimitExceeded' }),
    )
  })

  it('can live in a folder', () => {
    const names = namesWithin('kv/', escapedNames(null))
    expect(names.toPath('a/b', where)).toBe('kv/a%2Fb')
    expect(names.toKey('kv/a%2Fb')).toBe('a/b')
    expect(names.toKey('a%2Fb')).toBeNull()
    expect(names.folderOf('a/')).toBe('kv/')
  })
})
