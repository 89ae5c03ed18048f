/** Text from outside reaches flows unchanged, or not at all: JSON, queries, paths, keys, declared encodings. */
import { expect } from 'vitest'
import { type Ask, fresh, type HostCase, type HostGroup, posted, problemOf } from './case.ts'
import { brokenBytes } from './tables/broken-bytes.ts'
import { emptyTexts, invalidTexts, neighbours, validTexts } from './tables/json-texts.ts'
import { naughtyStrings } from './tables/naughty-strings.ts'

const encoder = new TextEncoder()

/** What a flow gets of a JSON body, as status and JSON text. */
async function echo(ask: Ask, body: string | Uint8Array<ArrayBuffer>, type = 'application/json') {
  const bytes = typeof body === 'string' ? encoder.encode(body) : body
  const answer = await ask('/echo', { method: 'POST', body: bytes, headers: { 'content-type': type } })
  return { status: answer.status, text: await answer.text() }
}

/** A JSON text with bytes in a string. */
function withBytes(bytes: readonly number[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([...encoder.encode('{"a":"x'), ...bytes, ...encoder.encode('"}')])
}

/** The texts that were not answered as they should, each cut to a length that can be read. */
async function wrong<T>(
  all: readonly T[],
  isRight: (one: T) => Promise<boolean>,
): Promise<readonly string[]> {
  const faults: string[] = []
  for (const one of all) if (!(await isRight(one))) faults.push(JSON.stringify(one).slice(0, 100))
  return faults
}

function parsed(text: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return null
  }
}

async function isKept(ask: Ask, text: string): Promise<boolean> {
  const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
  const got = await echo(ask, text)
  return got.status === 200 && got.text === JSON.stringify({ input: value })
}

async function isRefused(ask: Ask, text: string | Uint8Array<ArrayBuffer>, code: string): Promise<boolean> {
  const got = await echo(ask, text)
  return got.status === 400 && got.text.includes(`"code":"${code}"`)
}

const jsonCases: readonly HostCase[] = [
  {
    name: `JSON is read as it is (${validTexts.length} texts)`,
    run: async (ask) => expect(await wrong(validTexts, (text) => isKept(ask, text))).toEqual([]),
  },
  {
    name: `text that is not JSON is 400 (${invalidTexts.length} texts)`,
    run: async (ask) =>
      expect(await wrong(invalidTexts, (text) => isRefused(ask, text, 'MALFORMED_JSON'))).toEqual([]),
  },
  {
    name: `text one character away from JSON is JSON or 400 (${neighbours().length} texts)`,
    run: async (ask) =>
      expect(
        await wrong(neighbours(), (text) =>
          parsed(text) === null ? isRefused(ask, text, 'MALFORMED_JSON') : isKept(ask, text),
        ),
      ).toEqual([]),
  },
  {
    name: 'text of white space alone is an absent body',
    run: async (ask) =>
      expect(
        await wrong(emptyTexts, async (text) => (await echo(ask, text)).text === '{"input":{}}'),
      ).toEqual([]),
  },
  {
    name: 'JSON that is 500 levels deep is read, deeper JSON is 400',
    async run(ask) {
      const arrays = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
      const objects = (levels: number) => '{"a":'.repeat(levels - 1) + '{}' + '}'.repeat(levels - 1)
      for (const nest of [arrays, objects]) {
        expect((await echo(ask, nest(500))).status).toBe(200)
        for (const levels of [501, 5_000, 100_000])
          expect(await isRefused(ask, nest(levels), 'JSON_TOO_DEEP')).toBe(true)
      }
      expect(await isRefused(ask, '['.repeat(100_000), 'MALFORMED_JSON')).toBe(true)
      const wide = `[${Array.from({ length: 2_000 }, () => '[[]]').join()}]`
      expect((await echo(ask, wide)).status).toBe(200)
    },
  },
]

const encodingCases: readonly HostCase[] = [
  {
    name: `JSON with bytes that are not UTF-8 is 400 (${brokenBytes.length} kinds)`,
    run: async (ask) =>
      expect(
        await wrong(brokenBytes, ([, bytes]) => isRefused(ask, withBytes(bytes), 'INVALID_UTF8')),
      ).toEqual([]),
  },
  {
    name: 'JSON with bytes that are not UTF-8 is 400 also when its length is not announced',
    async run(ask) {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(encoder.encode('{"a":"'))
          controller.enqueue(Uint8Array.of(0xe2, 0x82))
          controller.enqueue(encoder.encode('"}'))
          controller.close()
        },
      })
      const init: RequestInit & { duplex: 'half' } = { ...posted(''), body, duplex: 'half' }
      await problemOf(ask('/echo', init), 400, 'INVALID_UTF8')
    },
  },
  {
    name: 'JSON in UTF-16 is 400',
    async run(ask) {
      const units = (text: string) => Uint8Array.from([...text].flatMap((unit) => [unit.charCodeAt(0), 0]))
      expect((await echo(ask, units('{"a":1}'))).status).toBe(400)
      expect(await isRefused(ask, Uint8Array.of(0xff, 0xfe, ...units('{}')), 'INVALID_UTF8')).toBe(true)
    },
  },
  ...['utf-8', 'UTF-8', '"utf-8"', 'utf8', 'us-ascii', 'US-ASCII'].map((charset) => ({
    name: `JSON declared as charset=${charset} is read`,
    run: async (ask: Ask) =>
      expect((await echo(ask, '{"a":"ä"}', `application/json; charset=${charset}`)).status).toBe(200),
  })),
  ...[
    'iso-8859-1',
    'latin1',
    '"ISO-8859-1"',
    'windows-1252',
    'utf-16',
    'utf-16le',
    'utf-7',
    'shift_jis',
    'x',
    '',
  ].map((charset) => ({
    name: `JSON declared as charset=${charset} is 415`,
    async run(ask: Ask) {
      const got = await echo(ask, '{"a":1}', `application/json; x=y; Charset=${charset}`)
      expect([got.status, got.text]).toEqual([415, expect.stringContaining('UNSUPPORTED_CHARSET')])
    },
  })),
  ...[
    '%',
    '%2',
    '%zz',
    '%ff',
    '%c3',
    '%c3%28',
    '%e0%a4',
    '%ed%a0%80',
    '%f4%90%80%80',
    '%c0%af',
    '%u0041',
  ].flatMap((broken) => [
    {
      name: `a query with ${broken} is 400`,
      async run(ask: Ask) {
        await problemOf(ask(`/items/box?size=1&x=${broken}`), 400, 'BAD_URL')
        await problemOf(ask(`/items/box?size=1&${broken}=x`), 400, 'BAD_URL')
      },
    },
    {
      name: `a path with ${broken} is 400`,
      run: async (ask: Ask) => void (await problemOf(ask(`/params/${broken}/of/b`), 400, 'BAD_URL')),
    },
  ]),
]

/** Neither empty nor dots, which URLs resolve, encoded or not. */
const segments = naughtyStrings.filter((text) => !/^(?:\.|%2e){1,2}$/i.test(text))

const naughtyCases: readonly HostCase[] = [
  {
    name: `naughty strings are values and names of JSON (${naughtyStrings.length} strings)`,
    run: async (ask) =>
      expect(
        await wrong(naughtyStrings, (text) =>
          isKept(ask, JSON.stringify({ value: text, [text]: 1, list: [text] })),
        ),
      ).toEqual([]),
  },
  {
    name: 'naughty strings are values and names of queries',
    run: async (ask) =>
      expect(
        await wrong(naughtyStrings, async (text) => {
          const encoded = encodeURIComponent(text)
          const answer = await ask(`/echo?value=${encoded}&_${encoded}=1`)
          return (await answer.text()) === JSON.stringify({ input: { value: text, [`_${text}`]: '1' } })
        }),
      ).toEqual([]),
  },
  {
    name: 'naughty strings are path parameters',
    run: async (ask) =>
      expect(
        await wrong(segments, async (text) => {
          const answer = await ask(`/params/${encodeURIComponent(text)}/of/b`)
          return (await answer.text()) === JSON.stringify({ a: text, b: 'b' })
        }),
      ).toEqual([]),
  },
  {
    name: 'naughty strings are keys of stored bodies, or 400; what was stored is found and listed under its key',
    async run(ask) {
      const folder = `${fresh()}/`
      const stored: string[] = []
      const faults = await wrong(segments, async (text) => {
        const path = `/blobs/${encodeURIComponent(folder + text)}`
        const put = await ask(path, { method: 'PUT', body: text, headers: { 'content-type': 'text/plain' } })
        if (put.status === 400) return (await ask(path)).status >= 400
        stored.push(folder + text)
        const kept = await ask(path)
        return put.status === 201 && (await kept.text()) === text.replace(/^\uFEFF/, '')
      })
      expect(faults).toEqual([])
      expect(stored.length).toBeGreaterThan(segments.length / 2)
      const listed = (await (await ask(`/blobs?prefix=${encodeURIComponent(folder)}`)).json()) as string[]
      expect(new Set(listed)).toEqual(new Set(stored))
    },
  },
  {
    name: 'naughty strings are fields of forms',
    run: async (ask) =>
      expect(
        await wrong(
          naughtyStrings.filter((text) => encoder.encode(text).length <= 100),
          async (text) => {
            const body = new FormData()
            body.append('title', text)
            const answer = await ask(`/forms/${fresh()}`, { method: 'POST', body })
            // Browsers and `fetch` write line breaks of forms as CRLF.
            const sent = text.replaceAll(/\r\n|\r|\n/g, '\r\n')
            return (await answer.text()) === JSON.stringify({ title: sent, files: [] })
          },
        ),
      ).toEqual([]),
  },
  {
    name: 'naughty strings as a request id are echoed or replaced, as a key never a 5xx',
    run: async (ask) =>
      expect(
        await wrong(
          naughtyStrings.filter((text) => /^[\x20-\x7e]+$/.test(text)),
          async (text) => {
            const headers = { 'x-request-id': text, 'idempotency-key': text }
            const answer = await ask('/keyed', { method: 'POST', headers })
            const id = answer.headers.get('x-request-id') ?? ''
            return answer.status < 500 && (id === text.trim() || /^[\da-f-]{36}$/.test(id))
          },
        ),
      ).toEqual([]),
  },
]

export const texts: HostGroup = {
  name: 'texts',
  cases: [...jsonCases, ...encodingCases, ...naughtyCases],
}
