import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeComponent, encodeKey, encodeQuery, fromBase64, toBase64, toHex } from './encode.ts'
import { md5 } from './md5.ts'
import { decodeWords, encodeWords, metadataHeaders, metadataOfHeaders } from './metadata.ts'
import { elements, escapeXml, isXmlText, rootName, text } from './xml.ts'

const anyText = fc.string({ unit: 'binary', maxLength: 300 })

describe('md5', () => {
  it('is that of node:crypto', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(toHex(md5(bytes))).toBe(createHash('md5').update(bytes).digest('hex'))
      }),
    )
    const large = new Uint8Array(1_000_003).fill(7)
    expect(toHex(md5(large))).toBe(createHash('md5').update(large).digest('hex'))
  })
})

describe('percent-encoding', () => {
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
        expect(text(`<Key>${escapeXml(value)}</Key>`, 'Key')).toBe(value)
        expect(escapeXml(value)).not.toMatch(/[<>"'\r\n]/)
      }),
    )
  })

  it('finds elements by their whole name, with attributes, empty or not', () => {
    const xml =
      '<?xml version="1.0"?>\n<List xmlns="x"><Key>a&amp;b</Key><KeyCount>2</KeyCount><Key/><Key >&#x1F600;&#10;</Key></List>'
    expect(elements(xml, 'Key')).toEqual(['a&amp;b', '', '&#x1F600;&#10;'])
    expect([text(xml, 'Key'), text(xml, 'KeyCount'), text(xml, 'Absent')]).toEqual(['a&b', '2', null])
    expect(text('<A>&lt;&gt;&quot;&apos;&amp;lt;&#65;</A>', 'A')).toBe('<>"\'&lt;A')
    expect([rootName(xml), rootName('<!-- x --><Error>'), rootName('no xml'), rootName('')]).toEqual([
      'List',
      'Error',
      null,
      null,
    ])
  })

  it('knows what it cannot hold', () => {
    expect(['a', 'tab\t', 'ü😀'].every(isXmlText)).toBe(true)
    expect(['\u0001', '\uffff', '\u001b', '\u000b'].some(isXmlText)).toBe(false)
  })
})
