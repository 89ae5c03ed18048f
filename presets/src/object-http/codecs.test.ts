import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { webDigests } from './digests.ts'
import { encodeComponent, encodeKey, encodeQuery, fromBase64, keyPath, toBase64, toHex } from './encode.ts'
import { decodeWords, encodeWords, metadataHeaders, metadataOfHeaders } from './metadata.ts'
import { nodeDigests } from './node/digests.ts'
import { pageOf } from '../s3/object.ts'
import { elements, escapeXml, isXmlText, parseXml, text } from './xml.ts'

const anyText = fc.string({ unit: 'binary', maxLength: 300 })

describe.each([
  ['webDigests', webDigests],
  ['nodeDigests', nodeDigests],
])('%s', (_, digests) => {
  it('equal the ones of node:crypto, whole and piece by piece', async () => {
    const oneByOne = fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (given) => {
      const bytes = new Uint8Array(given)
      expect(toHex(await digests.sha256(bytes))).toBe(createHash('sha256').update(bytes).digest('hex'))
      for (const algorithm of ['sha256', 'md5'] as const) {
        const running = digests.running(algorithm)
        running.update(bytes.subarray(0, 100))
        running.update(bytes.subarray(100))
        expect(toHex(running.digest())).toBe(createHash(algorithm).update(bytes).digest('hex'))
      }
    })
    await fc.assert(oneByOne)
  })
})

describe('percent-encoding', () => {
  it('sends no segment that leads elsewhere', () => {
    for (const key of ['.', '..', '../x', 'a/..', 'a/../b', './a', 'a\\..\\b'])
      expect(() => keyPath(key)).toThrow(expect.objectContaining({ kind: 'InvalidInput' }))
    for (const key of ['...', 'a..b', '.hidden', 'a/.b/c.', '%2e%2e/x']) expect(keyPath(key)).toBeTruthy()
    fc.assert(
      fc.property(anyText, (key) => {
        let path: string
        try {
          path = keyPath(key)
        } catch {
          return
        }
        expect(new URL(`https://s3.test/bucket${path}`).pathname).toBe(`/bucket${path}`)
      }),
    )
  })

  it('leaves only unreserved characters, and comes back', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        expect(encodeComponent(value)).toMatch(/^(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})*$/)
        expect(decodeURIComponent(encodeComponent(value))).toBe(value)
      }),
    )
  })

  it('keeps the slashes of a key, and no others', () => {
    expect(encodeKey('a b/c+d/%2F/ü')).toBe('a%20b/c%2Bd/%252F/%C3%BC')
    expect(encodeQuery({ prefix: 'a b/', uploads: '' })).toBe('prefix=a%20b%2F&uploads=')
  })

  it('has base64 both ways', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
        expect(fromBase64(toBase64(bytes))).toEqual(new Uint8Array(bytes))
      }),
    )
    expect(fromBase64('*')).toBeNull()
  })
})

describe('metadata as headers', () => {
  it('comes back, in ASCII on the way, in words of at most 75 characters', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        const words = encodeWords(value)
        expect(words).toMatch(/^[\x20-\x7e]*$/)
        expect(decodeWords(words)).toBe(value)
        if (words !== value) for (const word of words.split(' ')) expect(word.length).toBeLessThanOrEqual(75)
      }),
    )
  })

  it('leaves plain text alone, and encodes what looks encoded', () => {
    expect(encodeWords('a, b; c="d" %41')).toBe('a, b; c="d" %41')
    const lookalike = '=?UTF-8?B?eA==?='
    expect(encodeWords(lookalike)).not.toBe(lookalike)
    expect(decodeWords(encodeWords(lookalike))).toBe(lookalike)
  })

  it('reads what other writers make: quoted words, lower case, characters cut in two, charsets it does not know', () => {
    expect(decodeWords('=?utf-8?Q?Gr=C3=BC=C3=9Fe_a?=')).toBe('Grüße a')
    expect(decodeWords('=?UTF-8?B?w7w=?= =?UTF-8?b?w58=?=')).toBe('üß')
    expect(decodeWords('=?UTF-8?Q?=F0=9F?= =?UTF-8?Q?=98=80?=')).toBe('😀')
    expect(decodeWords('say =?UTF-8?B?w7w=?= twice')).toBe('say ü twice')
    expect(decodeWords('=?ISO-8859-1?Q?=FC?=')).toBe('=?ISO-8859-1?Q?=FC?=')
    expect(decodeWords('=?UTF-8?B?*?=')).toBe('=?UTF-8?B?*?=')
  })

  it('names its headers', () => {
    expect(metadataHeaders({ owner: 'ann' })).toEqual({ 'x-amz-meta-owner': 'ann' })
    expect(metadataOfHeaders(new Headers({ 'x-amz-meta-owner': 'ann', etag: 'x' }))).toEqual({ owner: 'ann' })
  })
})

describe('xml', () => {
  it('escapes what it reads back', () => {
    fc.assert(
      fc.property(anyText.filter(isXmlText), (value) => {
        expect(parseXml(`<Key>${escapeXml(value)}</Key>`)?.text).toBe(value)
        expect(escapeXml(value)).not.toMatch(/[<>"'\r\n]/)
      }),
    )
  })

  it('reads elements, with attributes, empty or not, under any prefix', () => {
    const root = parseXml(
      '<?xml version="1.0"?>\n<!-- x --><s3:List xmlns:s3="x" b=\'>\'><Key>a&amp;b</Key><KeyCount>2</KeyCount><Key/><Key >&#x1F600;&#10;</Key><In><Key>deep</Key><![CDATA[<&]]></In></s3:List>\n',
    )
    if (root === null) throw new Error('not read')
    expect(root.name).toBe('List')
    expect(elements(root, 'Key').map(({ text: value }) => value)).toEqual(['a&b', '', '😀\n'])
    expect([text(root, 'Key'), text(root, 'KeyCount'), text(root, 'In')]).toEqual(['a&b', '2', '<&'])
    expect(text(root, 'Absent')).toBeNull()
    expect(parseXml('<A>&lt;&gt;&quot;&apos;&amp;lt;&#65;</A>')?.text).toBe('<>"\'&lt;A')
  })

  it.each([
    '',
    'no xml',
    '<A>',
    '<A></B>',
    '<A/><B/>',
    '<A/>more',
    'less<A/>',
    '<A>&nope;</A>',
    '<A b=c/>',
    '<A><!-- </A>',
    '</A>',
    '<!DOCTYPE a><A/>',
    '<A>&#x110000;</A>',
  ])('takes %j for no document', (xml) => expect(parseXml(xml)).toBeNull())

  it('takes no beginning of a listing for a listing, wherever it was cut', () => {
    const entry = (key: string) =>
      `<Contents><Key>${key}</Key><Size>1</Size><ETag>"e"</ETag><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>`
    const xml = `<?xml version="1.0"?><ListBucketResult xmlns="x"><IsTruncated>false</IsTruncated>${entry('a')}${entry('b')}</ListBucketResult>`
    expect(pageOf(xml).objects).toHaveLength(2)
    for (let end = 0; end < xml.length; end++) {
      expect(() => pageOf(xml.slice(0, end))).toThrow(
        expect.objectContaining({ kind: 'Unavailable', retryable: 'temporary' }),
      )
    }
    expect(() => pageOf(xml.replace('false', 'true'))).toThrow(
      expect.objectContaining({ kind: 'Unexpected' }),
    )
  })

  it('knows what it cannot hold', () => {
    expect(['a', 'tab\t', 'ü😀'].every(isXmlText)).toBe(true)
    expect(['\u0001', '\uffff', '\u001b', '\u000b'].some(isXmlText)).toBe(false)
  })
})
