/** Blob cases: listing in order, in pages and groups, without loss. */
import { expect } from 'vitest'
import type { BlobListOptions, BlobStore } from '../../blob/contract.ts'
import { all, each, refused, type ConformanceGroup } from '../conformance.ts'
import { byteOrdered } from '../samples.ts'
import type { BlobSubject } from './subject.ts'

const many = 1103

export const listing: ConformanceGroup<BlobSubject> = {
  name: 'listing',
  cases: [
    {
      name: 'an empty store lists nothing, completely',
      async run({ blob }) {
        expect(await blob.list()).toEqual({ objects: [], prefixes: [], listComplete: true })
        expect(await all(blob.entries())).toEqual([])
      },
    },
    {
      name: 'a listing tells size, etag and time as head does',
      async run({ blob, eventually }) {
        await blob.put('a', 'one')
        await blob.put('b/c', 'three')
        await eventually(async () => {
          const listed = await all(blob.entries())
          expect(listed.map(({ key }) => key)).toEqual(['a', 'b/c'])
          for (const { key, size, etag, lastModified } of listed) {
            const head = await blob.head(key)
            expect({ size, etag }).toEqual({ size: head?.size, etag: head?.etag })
            expect(Math.abs(lastModified.getTime() - (head?.lastModified.getTime() ?? 0))).toBeLessThan(2000)
          }
        })
      },
    },
    {
      name: 'objects list in UTF-8 byte order, however they were written, on pages of any size',
      async run({ blob, eventually }) {
        for (const key of byteOrdered.toReversed()) await blob.put(key, 'value')
        await eventually(async () => {
          expect(await names(blob)).toEqual(byteOrdered)
          expect((await pages(blob, { limit: 1 })).flat()).toEqual(byteOrdered)
          expect((await pages(blob, { limit: 3 })).flat()).toEqual(byteOrdered)
        })
      },
    },
    {
      name: 'the order is that of the whole key, not of path after path',
      async run({ blob, eventually }) {
        const ordered = ['a', 'a!', 'a-b', 'a.b', 'a/', 'a0'].map((key) =>
          key.endsWith('/') ? `${key}x` : key,
        )
        for (const key of ordered.toReversed()) await blob.put(key, 'value')
        await eventually(async () => {
          expect(await names(blob)).toEqual(ordered)
          expect((await pages(blob, { limit: 2 })).flat()).toEqual(ordered)
        })
      },
    },
    {
      name: 'a prefix selects exactly the keys that start with it, within a segment too',
      async run({ blob, eventually }) {
        const stored = [
          'a',
          'a/b',
          'a/bc',
          'a/b/c',
          'a0',
          'A/b',
          'ab',
          'b/a',
          'ä/1',
          'a\u0308/1',
          '😀/1',
          '😀2',
        ]
        await each(stored, (key) => blob.put(key, 'value'), 1)
        for (const prefix of ['a', 'a/', 'a/b', 'a/b/', 'a/b/c', 'A', 'ä/', '😀', '😀/', 'nothing', '']) {
          const expected = stored.filter((key) => key.startsWith(prefix)).toSorted()
          await eventually(async () =>
            expect((await names(blob, { prefix })).toSorted(), prefix).toEqual(expected),
          )
        }
      },
    },
    {
      name: 'a prefix is taken literally, without wildcards or escapes',
      async run({ blob, eventually }) {
        const marks = ['%', '_', '*', '?', '[a]', '^', '$', '.', '+', "'", '"', '%25', '{x}', '&', '#']
        await each(marks, (mark) => blob.put(`x${mark}y`, 'value'), 1)
        await each(['xay', 'xy', 'xxy', 'xaby'], (key) => blob.put(key, 'value'), 1)
        for (const mark of marks) {
          const expected = marks
            .filter((other) => `x${other}y`.startsWith(`x${mark}`))
            .map((other) => `x${other}y`)
          await eventually(async () => {
            expect((await names(blob, { prefix: `x${mark}` })).toSorted(), mark).toEqual(expected.toSorted())
          })
        }
      },
    },
    {
      name: 'a prefix no key can have lists nothing, and leaves no root',
      async run({ blob }) {
        await blob.put('a/b', 'value')
        for (const prefix of ['/', '../', 'a/../', './', 'a//', '..\\', '\0']) {
          expect(await blob.list({ prefix })).toEqual({ objects: [], prefixes: [], listComplete: true })
        }
      },
    },
    {
      name: 'a delimiter groups what follows it, once, beside the objects above it',
      async run({ blob, eventually }) {
        const stored = ['a', 'a/1', 'a/2', 'a/b/1', 'a/b/2', 'a0', 'b/1', 'c']
        await each(stored, (key) => blob.put(key, 'value'), 1)
        await eventually(async () => {
          expect(await groups(blob, { delimiter: '/' })).toEqual([
            ['a', 'a0', 'c'],
            ['a/', 'b/'],
          ])
          expect(await groups(blob, { delimiter: '/', prefix: 'a/' })).toEqual([['a/1', 'a/2'], ['a/b/']])
          expect(await groups(blob, { delimiter: '/', prefix: 'a' })).toEqual([['a', 'a0'], ['a/']])
          expect(await groups(blob, { delimiter: '/', prefix: 'a/b' })).toEqual([[], ['a/b/']])
          expect(await groups(blob, { delimiter: '/', prefix: 'nothing/' })).toEqual([[], []])
        })
      },
    },
    {
      name: 'groups and objects share pages, and no page repeats a group',
      async run({ blob, eventually }) {
        const stored = ['a', 'd', 'b/1', 'b/2', 'b/3', 'c/1', 'e/x/1', 'e/x/2', 'f', 'g/😀', 'g/\uffff']
        await each(stored, (key) => blob.put(key, 'value'), 1)
        for (const limit of [1, 2, 3]) {
          await eventually(async () => {
            expect(await groups(blob, { delimiter: '/', limit })).toEqual([
              ['a', 'd', 'f'],
              ['b/', 'c/', 'e/', 'g/'],
            ])
          })
        }
      },
    },
    {
      name: 'a delimiter may be other text than "/"',
      async run({ blob, eventually }) {
        await each(
          ['2024-01-a', '2024-01-b', '2024-02', '2025', 'a--b', 'a--c'],
          (key) => blob.put(key, 'v'),
          1,
        )
        await eventually(async () => {
          expect(await groups(blob, { delimiter: '-' })).toEqual([['2025'], ['2024-', 'a-']])
          expect(await groups(blob, { delimiter: '-', prefix: '2024-' })).toEqual([['2024-02'], ['2024-01-']])
          expect((await groups(blob, { delimiter: '--' }))[1]).toEqual(['a--'])
        })
        await refused(blob.list({ delimiter: '' }), 'InvalidInput')
      },
    },
    {
      name: 'limit must be an integer from 1 to maxListKeys',
      async run({ blob, info }) {
        const { maxListKeys } = info.limits
        const bad = [
          0,
          -1,
          1.5,
          Number.NaN,
          Infinity,
          ...(Number.isFinite(maxListKeys) ? [maxListKeys + 1] : []),
        ]
        for (const limit of bad) await refused(blob.list({ limit }), 'InvalidInput')
        await blob.list({ limit: 1 })
        if (Number.isFinite(maxListKeys)) await blob.list({ limit: maxListKeys })
      },
    },
    {
      name: 'a malformed cursor is InvalidInput',
      async run({ blob }) {
        await blob.put('a', 'value')
        for (const cursor of ['not a cursor!', '%%%', 'a', '='])
          await refused(blob.list({ cursor }), 'InvalidInput')
      },
    },
    {
      name: `more than a thousand objects (${many}) are listed, none lost and none twice`,
      async run({ blob, info, eventually }) {
        const written = numbered(many)
        await each(written, (key) => blob.put(key, 'v'))
        await eventually(async () => {
          expect(await names(blob)).toEqual(written)
          for (const page of await pages(blob, {}))
            expect(page.length).toBeLessThanOrEqual(info.limits.maxListKeys)
          expect((await pages(blob, { limit: Math.min(97, info.limits.maxListKeys) })).flat()).toEqual(
            written,
          )
        })
      },
    },
    {
      name: 'objects deleted between pages cost no other its place',
      async run({ blob, info, eventually }) {
        const written = numbered(60)
        await each(written, (key) => blob.put(key, 'v'))
        await eventually(async () => expect(await names(blob)).toEqual(written))
        const removed = new Set<string>()
        const seen = (
          await pages(blob, { limit: Math.min(7, info.limits.maxListKeys) }, async (page) => {
            const last = page.at(-1) ?? ''
            const next = written[written.indexOf(last) + 1]
            for (const key of next === undefined ? [last] : [last, next]) {
              removed.add(key)
              await blob.delete(key)
            }
          })
        ).flat()
        expect(seen).toEqual([...new Set(seen)].toSorted())
        expect(written.filter((key) => !removed.has(key) && !seen.includes(key))).toEqual([])
      },
    },
    {
      name: 'objects added between pages cost no other its place and repeat none',
      async run({ blob, info, eventually }) {
        const written = numbered(60)
        await each(written, (key) => blob.put(key, 'v'))
        await eventually(async () => expect(await names(blob)).toEqual(written))
        const seen = (
          await pages(blob, { limit: Math.min(7, info.limits.maxListKeys) }, async (page) => {
            await blob.put(`${page.at(-1)}-after`, 'v')
            await blob.put(`${page.at(0)}-within`, 'v')
            await blob.put(`0-${page.at(0)}`, 'v')
          })
        ).flat()
        expect(seen).toEqual([...new Set(seen)].toSorted())
        expect(written.filter((key) => !seen.includes(key))).toEqual([])
      },
    },
  ],
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `key-${String(i).padStart(6, '0')}`)
}

async function names(blob: BlobStore, options: { prefix?: string } = {}): Promise<string[]> {
  return (await all(blob.entries(options))).map(({ key }) => key)
}

/** Objects and prefixes of all pages. */
async function groups(blob: BlobStore, options: BlobListOptions): Promise<[string[], string[]]> {
  const objects: string[] = []
  const prefixes: string[] = []
  let cursor: string | undefined
  do {
    const page = await blob.list({ ...options, ...(cursor === undefined ? {} : { cursor }) })
    if (options.limit !== undefined) {
      expect(page.objects.length + page.prefixes.length).toBeLessThanOrEqual(options.limit)
    }
    objects.push(...page.objects.map(({ key }) => key))
    prefixes.push(...page.prefixes)
    cursor = page.cursor
  } while (cursor !== undefined)
  return [objects, prefixes]
}

/** The keys of each page; `between` runs before the next is asked for. */
async function pages(
  blob: BlobStore,
  options: Omit<BlobListOptions, 'cursor'>,
  between?: (page: readonly string[]) => Promise<void>,
): Promise<string[][]> {
  const found: string[][] = []
  let cursor: string | undefined
  do {
    const page = await blob.list({ ...options, ...(cursor === undefined ? {} : { cursor }) })
    expect(page.listComplete).toBe(page.cursor === undefined)
    if (options.limit !== undefined) expect(page.objects.length).toBeLessThanOrEqual(options.limit)
    const keys = page.objects.map(({ key }) => key)
    found.push(keys)
    cursor = page.cursor
    if (cursor !== undefined && keys.length > 0) await between?.(keys)
  } while (cursor !== undefined)
  return found
}
