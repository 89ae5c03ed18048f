/** Key-value cases: listing in order, in pages, without loss. */
import { expect } from 'vitest'
import type { KeyValue, KvListOptions } from '../../kv/contract.ts'
import { all, each, refused, type ConformanceGroup } from '../conformance.ts'
import { byteOrdered } from '../samples.ts'
import { type KvSubject, lacks, needs } from './subject.ts'

const many = 1203

export const listing: ConformanceGroup<KvSubject> = {
  name: 'listing',
  cases: [
    {
      name: 'an empty store lists nothing, completely',
      skip: needs('list'),
      async run({ kv }) {
        expect(await kv.list()).toEqual({ keys: [], listComplete: true })
        expect(await all(kv.keys())).toEqual([])
      },
    },
    {
      name: 'keys list in UTF-8 byte order, however they were written',
      skip: needs('list'),
      async run({ kv, eventually }) {
        for (const key of byteOrdered.toReversed()) await kv.put(key, 'value')
        await eventually(async () => expect(await names(kv)).toEqual(byteOrdered))
      },
    },
    {
      name: 'pages of one and of three keep the UTF-8 byte order',
      skip: needs('list'),
      async run({ kv, eventually }) {
        for (const key of byteOrdered) await kv.put(key, 'value')
        await eventually(async () => {
          expect((await pages(kv, { limit: 1 })).flat()).toEqual(byteOrdered)
          expect((await pages(kv, { limit: 3 })).flat()).toEqual(byteOrdered)
        })
      },
    },
    {
      name: 'a page tells truly whether more may follow',
      skip: needs('list'),
      async run({ kv, eventually }) {
        for (const key of ['a', 'b', 'c']) await kv.put(key, 'value')
        await eventually(async () => {
          const whole = await kv.list({ limit: 10 })
          expect(whole.keys.map(({ key }) => key)).toEqual(['a', 'b', 'c'])
          expect(whole).not.toHaveProperty('cursor')
          expect(whole.listComplete).toBe(true)
          const part = await kv.list({ limit: 2 })
          expect(part.keys.length).toBeLessThanOrEqual(2)
          expect(part.listComplete).toBe(false)
          expect(typeof part.cursor).toBe('string')
        })
      },
    },
    {
      name: 'a prefix selects exactly the keys that start with it',
      skip: needs('list'),
      async run({ kv, eventually }) {
        const stored = [
          'a',
          'a/',
          'a/b',
          'a/b/c',
          'a0',
          'A/b',
          'ab',
          'b/a',
          'ä/1',
          'ä/2',
          'a\u0308/1',
          '😀/1',
          '😀2',
        ]
        await each(stored, (key) => kv.put(key, 'value'), 1)
        for (const prefix of ['a', 'a/', 'a/b', 'a/b/c', 'A', 'b/', 'ä/', '😀', '😀/', 'nothing', '']) {
          const expected = stored.filter((key) => key.startsWith(prefix)).toSorted()
          await eventually(async () =>
            expect((await names(kv, { prefix })).toSorted(), prefix).toEqual(expected),
          )
        }
      },
    },
    {
      name: 'a prefix is taken literally, without wildcards or escapes',
      skip: needs('list'),
      async run({ kv, eventually }) {
        const marks = [
          '%',
          '_',
          '*',
          '?',
          '\\',
          '[a]',
          '^',
          '$',
          '.',
          '+',
          "'",
          '"',
          '`',
          '%25',
          '\\%',
          '{x}',
        ]
        await each(marks, (mark) => kv.put(`x${mark}y`, 'value'), 1)
        await each(['xay', 'xy', 'xxy', 'xaby'], (key) => kv.put(key, 'value'), 1)
        for (const mark of marks) {
          const expected = marks
            .filter((other) => `x${other}y`.startsWith(`x${mark}`))
            .map((other) => `x${other}y`)
          await eventually(async () => {
            expect((await names(kv, { prefix: `x${mark}` })).toSorted(), mark).toEqual(expected.toSorted())
          })
        }
      },
    },
    {
      name: 'a prefix holds on every page',
      skip: needs('list'),
      async run({ kv, eventually }) {
        const numbers = Array.from({ length: 25 }, (_, i) => i)
        await each(numbers, (i) => kv.put(`in/${i}`, 'value'))
        await each(numbers, (i) => kv.put(`out/${i}`, 'value'))
        await kv.put('in', 'value')
        await eventually(async () => {
          const found = (await pages(kv, { prefix: 'in/', limit: 4 })).flat()
          expect(found.toSorted()).toEqual(numbers.map((i) => `in/${i}`).toSorted())
        })
      },
    },
    {
      name: 'deleted keys are not listed, rewritten ones are listed once',
      skip: needs('list'),
      async run({ kv, eventually }) {
        for (const key of ['a', 'b', 'c']) await kv.put(key, '1')
        await eventually(async () => expect(await names(kv)).toEqual(['a', 'b', 'c']))
        await kv.delete('b')
        await kv.put('c', '2')
        await kv.delete('a')
        await kv.put('a', '2')
        await eventually(async () => expect(await names(kv)).toEqual(['a', 'c']))
      },
    },
    {
      name: 'limit must be an integer from 1 to maxListKeys',
      skip: needs('list'),
      async run({ kv, info }) {
        const { maxListKeys } = info.limits
        const bad = [
          0,
          -1,
          1.5,
          Number.NaN,
          Infinity,
          ...(Number.isFinite(maxListKeys) ? [maxListKeys + 1] : []),
        ]
        for (const limit of bad) await refused(kv.list({ limit }), 'InvalidInput')
        await kv.list({ limit: 1 })
        if (Number.isFinite(maxListKeys)) await kv.list({ limit: maxListKeys })
      },
    },
    {
      name: 'a malformed cursor is InvalidInput',
      skip: needs('list'),
      async run({ kv }) {
        await kv.put('a', 'value')
        for (const cursor of ['not a cursor!', '%%%', 'a', '='])
          await refused(kv.list({ cursor }), 'InvalidInput')
      },
    },
    {
      name: `more than a thousand keys (${many}) are listed, none lost and none twice`,
      skip: needs('list'),
      async run({ kv, info, eventually }) {
        const written = numbered(many)
        await each(written, (key) => kv.put(key, 'v'))
        await eventually(async () => {
          expect(await names(kv)).toEqual(written)
          const paged = await pages(kv, {})
          expect(paged.flat()).toEqual(written)
          for (const page of paged) expect(page.length).toBeLessThanOrEqual(info.limits.maxListKeys)
          expect((await pages(kv, { limit: Math.min(97, info.limits.maxListKeys) })).flat()).toEqual(written)
        })
      },
    },
    {
      name: 'keys deleted between pages cost no other key its place',
      skip: needs('list'),
      async run({ kv, info, eventually }) {
        const written = numbered(60)
        await each(written, (key) => kv.put(key, 'v'))
        await eventually(async () => expect(await names(kv)).toEqual(written))
        const removed = new Set<string>()
        const seen = (
          await pages(kv, { limit: Math.min(7, info.limits.maxListKeys) }, async (page) => {
            // The last key seen is the one a cursor may stand on; the next one is about to be read.
            const last = page.at(-1) ?? ''
            const next = written[written.indexOf(last) + 1]
            for (const key of next === undefined ? [last] : [last, next]) {
              removed.add(key)
              await kv.delete(key)
            }
          })
        ).flat()
        expect(seen).toEqual([...new Set(seen)].toSorted())
        const lost = written.filter((key) => !removed.has(key) && !seen.includes(key))
        expect(lost).toEqual([])
      },
    },
    {
      name: 'keys added between pages cost no other key its place and repeat none',
      skip: needs('list'),
      async run({ kv, info, eventually }) {
        const written = numbered(60)
        await each(written, (key) => kv.put(key, 'v'))
        await eventually(async () => expect(await names(kv)).toEqual(written))
        const seen = (
          await pages(kv, { limit: Math.min(7, info.limits.maxListKeys) }, async (page) => {
            await kv.put(`${page.at(-1)}-after`, 'v')
            await kv.put(`${page.at(0)}-within`, 'v')
            await kv.put(`0-${page.at(0)}`, 'v')
          })
        ).flat()
        expect(seen).toEqual([...new Set(seen)].toSorted())
        expect(written.filter((key) => !seen.includes(key))).toEqual([])
      },
    },
    {
      name: 'listing is Unsupported where the store has none',
      skip: lacks('list'),
      async run({ kv }) {
        await refused(kv.list(), 'Unsupported')
        await refused(all(kv.keys()), 'Unsupported')
      },
    },
  ],
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `key-${String(i).padStart(6, '0')}`)
}

async function names(kv: KeyValue, options: { prefix?: string } = {}): Promise<string[]> {
  return (await all(kv.keys(options))).map(({ key }) => key)
}

/** The keys of each page; `between` runs before the next is asked for. */
async function pages(
  kv: KeyValue,
  options: Omit<KvListOptions, 'cursor'>,
  between?: (page: readonly string[]) => Promise<void>,
): Promise<string[][]> {
  const found: string[][] = []
  let cursor: string | undefined
  do {
    const page = await kv.list({ ...options, ...(cursor === undefined ? {} : { cursor }) })
    expect(page.listComplete).toBe(page.cursor === undefined)
    if (options.limit !== undefined) expect(page.keys.length).toBeLessThanOrEqual(options.limit)
    const keys = page.keys.map(({ key }) => key)
    found.push(keys)
    cursor = page.cursor
    if (cursor !== undefined && keys.length > 0) await between?.(keys)
  } while (cursor !== undefined)
  return found
}
