/** Conditions and ranges (RFC 9110, 13 and 14) on stored objects, for reads and for writes. */
import { expect } from 'vitest'
import { type Ask, fresh, type HostCase, type HostGroup } from './case.ts'
import { reads } from './tables/reads.ts'
import { refusedWrites, writes } from './tables/writes.ts'

const content = 'abcdefghijklmnopqrstuvwxyz'

/** Replaces `ETAG`, `MODIFIED`, … in a header's value by the stored object's own. */
type Fill = (value: string) => string

async function store(ask: Ask, key: string, body = content): Promise<Fill> {
  const put = await ask(`/blobs/${key}`, { method: 'PUT', body, headers: { 'content-type': 'text/plain' } })
  expect(put.status).toBe(201)
  const { headers } = await ask(`/blobs/${key}`, { method: 'HEAD' })
  const etag = headers.get('etag') ?? ''
  const modified = headers.get('last-modified') ?? ''
  expect(etag).toMatch(/^"[^"]+"$/)
  const shifted = (ms: number) => new Date(Date.parse(modified) + ms).toUTCString()
  const values: Readonly<Record<string, string>> = {
    BARE: etag.slice(1, -1),
    EARLIER: shifted(-86_400_000),
    ETAG: etag,
    LATER: shifted(86_400_000),
    MODIFIED: modified,
  }
  return (value) =>
    value.replaceAll(/\b(?:BARE|EARLIER|ETAG|LATER|MODIFIED)\b/g, (name) => values[name] ?? name)
}

function filled(headers: Readonly<Record<string, string>>, fill: Fill): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, fill(value)]))
}

function headersText(headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return lines.join(' and ') || 'no condition'
}

const readCases: readonly HostCase[] = reads.map(({ method = 'GET', size = 26, headers, status, part }) => ({
  name: `${method} of ${size} bytes with ${headersText(headers)} is ${status}${part === undefined ? '' : `, bytes ${part.join('-')}`}`,
  async run(ask) {
    const key = fresh()
    const fill = await store(ask, key, content.slice(0, size))
    const answer = await ask(`/blobs/${key}`, { method, headers: filled(headers, fill) })
    const [start, last] = part ?? [0, size - 1]
    const range =
      status === 206 ? `bytes ${start}-${last}/${size}` : status === 416 ? `bytes */${size}` : null
    expect([answer.status, answer.headers.get('content-range')]).toEqual([status, range])
    const text = await answer.text()
    if (method === 'HEAD' || status === 304) expect(text).toBe('')
    else if (status < 300) expect(text).toBe(content.slice(start, last + 1))
    if (status < 300) expect(answer.headers.get('content-length')).toBe(String(last + 1 - start))
    if (status < 400) expect(answer.headers.get('etag')).toBe(fill('ETAG'))
  },
}))

const writeCases: readonly HostCase[] = writes.map(({ on, headers, status }) => ({
  name: `PUT on ${on} object with ${headersText(headers)} is ${status}`,
  async run(ask) {
    const key = fresh()
    const fill = on === 'an' ? await store(ask, key) : (value: string) => value
    const answer = await ask(`/blobs/${key}`, {
      method: 'PUT',
      body: 'new',
      headers: { 'content-type': 'text/plain', ...filled(headers, fill) },
    })
    expect([answer.status, await answer.text()]).toEqual([status, expect.any(String)])
    const kept = await ask(`/blobs/${key}`)
    const before = on === 'an' ? [200, content] : [404, expect.stringContaining('NO_BLOB')]
    expect([kept.status, await kept.text()]).toEqual(status < 300 ? [200, 'new'] : before)
  },
}))

/** Bodies of ten writes that are sent at once under one condition, and what is stored in the end. */
const raceCases: readonly HostCase[] = (
  [
    ['a list of tags', 'an', { 'if-match': '"x", ETAG' }],
    ['any other version than one', 'an', { 'if-none-match': '"x"', 'if-match': 'ETAG' }],
    ['no object', 'no', { 'if-none-match': '*' }],
  ] as const
).map(([what, on, headers]) => ({
  name: `of ten writes at once under the condition of ${what}, one is stored`,
  async run(ask) {
    const key = fresh()
    const fill = on === 'an' ? await store(ask, key) : (value: string) => value
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, writer) =>
        ask(`/blobs/${key}`, { method: 'PUT', body: `writer ${writer}`, headers: filled(headers, fill) }),
      ),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses.toSorted()).toEqual([201, ...Array.from({ length: 9 }, () => 412)])
    expect(await (await ask(`/blobs/${key}`)).text()).toBe(`writer ${statuses.indexOf(201)}`)
  },
}))

const refusedCases: readonly HostCase[] = refusedWrites.map(({ what, path, init, status, code }) => ({
  name: `${what} is ${status}${code === undefined ? '' : ` ${code}`}`,
  async run(ask) {
    const answer = await ask(path.replace('KEY', fresh()), init)
    const text = await answer.text()
    expect([answer.status, text]).toEqual([
      status,
      code === undefined ? expect.any(String) : expect.stringContaining(`"code":"${code}"`),
    ])
    if (status === 415) expect(answer.headers.get('accept-encoding')).toBe('identity')
  },
}))

export const conditions: HostGroup = {
  name: 'conditions and ranges',
  cases: [...readCases, ...writeCases, ...raceCases, ...refusedCases],
}
