import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeName, directoryOf, fileOfKey, fromByteText, toByteText } from './key-path.ts'

/** Reads a path back as the walk does. */
function keyOf(path: string): string | null {
  let bytes = ''
  for (const name of path.split('/')) {
    const decoded = decodeName(name)
    if (decoded === null) return null
    bytes += decoded.bytes
  }
  return fromByteText(bytes)
}

const segments = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.stringMatching(/^[a-zA-Z0-9._-]{0,170}$/),
  fc.constantFrom(
    'con',
    'CON',
    'nul.txt',
    '.',
    '..',
    'a.',
    '%',
    '',
    'é',
    'e\u0301',
    '.staging',
    'k'.repeat(80),
    'k'.repeat(160),
  ),
)
const keys = fc
  .array(segments, { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join('/'))
  .filter((key) => key !== '' && key.isWellFormed())

describe('key paths', () => {
  it('read back as the key they were made of', () => {
    fc.assert(
      fc.property(keys, (key) => {
        expect(keyOf(fileOfKey(key))).toBe(key)
      }),
    )
  })

  it('hold only names every file system takes and keeps apart', () => {
    fc.assert(
      fc.property(keys, (key) => {
        for (const name of fileOfKey(key).split('/')) {
          expect(name).toMatch(/^[a-z0-9_%-][a-z0-9._%-]*[+,]?$|^[+]$/)
          expect(name.length).toBeLessThanOrEqual(250)
          expect(name).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)(\.|[+,]?$)/)
          expect(name.endsWith('.')).toBe(false)
        }
      }),
    )
  })

  it('put a key with a prefix that ends in a slash into the directory of that prefix', () => {
    fc.assert(
      fc.property(keys, (key) => {
        const bytes = toByteText(key)
        const slash = bytes.lastIndexOf('/') + 1
        expect(fileOfKey(key).startsWith(directoryOf(bytes.slice(0, slash)))).toBe(true)
      }),
    )
  })

  it('keep apart what file systems may take for the same', () => {
    const alike = [
      'A',
      'a',
      '\u00e9',
      'e\u0301',
      'CON',
      'con',
      'a.',
      'a',
      'a+',
      'a,',
      'a/b',
      'a+/b',
      'a%2Fb',
      'a%2fb',
    ]
    const paths = new Set(alike.map((key) => fileOfKey(key).toLowerCase().normalize('NFC')))
    expect(paths.size).toBe(new Set(alike).size)
  })

  it('let plain keys be themselves', () => {
    expect(fileOfKey('notes/2026/report-1.json')).toBe('notes+/2026+/report-1.json')
    expect(fileOfKey('README')).toBe('%52%45%41%44%4d%45')
  })

  it('ignore names that other programs put there', () => {
    for (const name of [
      'README.txt',
      '.DS_Store',
      'a b',
      '%61',
      '%zz',
      'a.',
      'con',
      'x'.repeat(80),
      'abc,',
      'Thumbs.db',
    ]) {
      expect(decodeName(name), name).toBeNull()
    }
  })

  it('compare as bytes when compared as byte text', () => {
    fc.assert(
      fc.property(keys, keys, (a, b) => {
        const bytes = Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)))
        const text = toByteText(a) < toByteText(b) ? -1 : toByteText(a) > toByteText(b) ? 1 : 0
        expect(text).toBe(bytes)
      }),
    )
  })
})
