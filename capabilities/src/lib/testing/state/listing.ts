/** Durable state cases: listing. */
import { expect } from 'vitest'
import type { StateHandle, StateListOptions } from '../../state/contract.ts'
import { all, type ConformanceGroup, each, refused } from '../conformance.ts'
import { byteOrdered } from '../samples.ts'
import type { StateSubject } from './subject.ts'

export const listing: ConformanceGroup<StateSubject> = {
  name: 'listing',
  cases: [
    {
      name: 'entries come in UTF-8 byte order of their keys, with their values, or the other way round',
      async run({ state }) {
        const one = state.of('one')
        expect(await one.list()).toEqual({ entries: [], listComplete: true })
        await each(byteOrdered.toReversed(), (key) => one.put(key, { key }))
        const page = await one.list()
        expect(page).toEqual({
          entries: byteOrdered.map((key) => ({ key, value: { key } })),
          listComplete: true,
        })
        const back = await one.list({ reverse: true })
        expect(back.entries).toEqual(page.entries.toReversed())
      },
    },
    {
      name: 'prefix, start and end choose, whichever way the entries are listed',
      async run({ state }) {
        const one = state.of('one')
        const keys = [
          'a',
          'a/1',
          'a/2',
          'a/3',
          'a0',
          'b',
          '\ud7ffx',
          '\ue000',
          '\u{10ffff}',
          '\u{10ffff}\u{10ffff}z',
        ]
        await each(keys, (key) => one.put(key, 1))
        const choose = async (options: StateListOptions) => {
          const forth = await keysOf(one, options)
          expect(await keysOf(one, { ...options, reverse: true })).toEqual(forth.toReversed())
          return forth
        }
        expect(await choose({ prefix: 'a/' })).toEqual(['a/1', 'a/2', 'a/3'])
        expect(await choose({ prefix: 'a/', start: 'a/2' })).toEqual(['a/2', 'a/3'])
        expect(await choose({ prefix: 'a/', start: 'a', end: 'a/3' })).toEqual(['a/1', 'a/2'])
        expect(await choose({ start: 'a/3', end: 'b' })).toEqual(['a/3', 'a0'])
        expect(await choose({ start: 'b', end: 'a' })).toEqual([])
        expect(await choose({ prefix: 'a/', end: 'a/' })).toEqual([])
        expect(await choose({ prefix: 'nothing' })).toEqual([])
        expect(await choose({ prefix: '\ud7ff' })).toEqual(['\ud7ffx'])
        expect(await choose({ prefix: '\u{10ffff}' })).toEqual(['\u{10ffff}', '\u{10ffff}\u{10ffff}z'])
      },
    },
    {
      name: 'pages follow each other without gap or repetition, also while entries come and go',
      async run({ state }) {
        const one = state.of('one')
        const keys = Array.from({ length: 10 }, (_, i) => `k${i}`)
        await each(keys, (key) => one.put(key, key))
        for (const reverse of [false, true]) {
          const found: string[] = []
          let cursor: string | undefined
          do {
            const page = await one.list({ limit: 3, reverse, ...(cursor === undefined ? {} : { cursor }) })
            expect(page.entries.length).toBeLessThanOrEqual(3)
            expect(page.listComplete).toBe(page.cursor === undefined)
            found.push(...page.entries.map(({ key }) => key))
            // The entry the cursor stands for goes, and one before it comes.
            await one.delete(found.at(-1) as string)
            await one.put(reverse ? 'z' : 'a', 1)
            cursor = page.cursor
          } while (cursor !== undefined)
          expect(found).toEqual(
            reverse ? ['z', ...keys].toReversed().filter((key) => found.includes(key)) : keys,
          )
          await one.delete('a')
          await one.delete('z')
          await each(keys, (key) => one.put(key, key))
        }
      },
    },
    {
      name: 'entries reads all pages',
      async run({ state, info }) {
        const one = state.of('one')
        const count = Math.min(2 * info.limits.maxListKeys + 1, 2500)
        const perCommit = Math.min(info.limits.maxTransactionEntries, 500)
        for (let from = 0; from < count; from += perCommit) {
          await one.transaction((tx) => {
            for (let n = from; n < Math.min(count, from + perCommit); n++)
              tx.put(`k${String(n).padStart(5, '0')}`, n)
          })
        }
        const found = await all(one.entries())
        expect(found.map(({ value }) => value)).toEqual(Array.from({ length: count }, (_, n) => n))
        expect(await all(one.entries({ prefix: 'k0000', reverse: true }))).toHaveLength(10)
        let seen = 0
        for await (const _ of one.entries()) if (++seen === 3) break
        expect(seen).toBe(3)
      },
    },
    {
      name: 'a limit out of range, a malformed cursor and a bound that is no text are InvalidInput',
      async run({ state, info }) {
        const one = state.of('one')
        for (const limit of [0, -1, 1.5, Number.NaN, info.limits.maxListKeys + 1])
          await refused(one.list({ limit }), 'InvalidInput')
        expect(await one.list({ limit: info.limits.maxListKeys })).toMatchObject({ entries: [] })
        await refused(one.list({ cursor: 'nonsense' }), 'InvalidInput')
        for (const bound of ['lone \ud800', 'nul\0'])
          await refused(one.list({ prefix: bound }), 'InvalidInput')
      },
    },
  ],
}

async function keysOf(one: StateHandle, options: StateListOptions): Promise<string[]> {
  return (await one.list(options)).entries.map(({ key }) => key)
}
