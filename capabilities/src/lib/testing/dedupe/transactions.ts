/** Dedupe cases: a record and the writes beside it are committed in one transaction, or nothing is. */
import { expect } from 'vitest'
import type { KeyValue } from '../../kv/contract.ts'
import { controlOf } from '../../resource/resource.ts'
import { systemRng } from '../../system/rng.ts'
import type { Changes } from '../../transaction/changes.ts'
import { Transaction } from '../../transaction/transaction.ts'
import type { ConformanceGroup } from '../conformance.ts'
import { needsTransaction, open } from './beside.ts'
import { starts } from './starts.ts'
import { type DedupeSubject, fingerprint, race, stateOf, take } from './subject.ts'

const nothing: Changes = { reads: [], writes: [] }

export const transactions: ConformanceGroup<DedupeSubject> = {
  name: 'transactions',
  cases: [
    {
      name: 'the stores of one transaction state the same one',
      skip: needsTransaction,
      async run({ info, beside }) {
        expect(info.transaction).not.toBe('')
        expect(beside?.kv.info.transaction).toBe(info.transaction)
        const queued = beside?.queue?.info.transaction ?? info.transaction
        expect(queued).toBe(info.transaction)
      },
    },
    {
      name: 'a commit writes the record, the entries and the messages; before it nobody sees any of them',
      skip: needsTransaction,
      async run(subject) {
        const { dedupe, longMs } = subject
        const { kv, within, expectMessages } = open(subject)
        await kv.put('old', '1')
        const token = await take(dedupe, 'key', longMs)
        const inside = within()
        const { version } = await inside.kv.put('new', 'é', { metadata: { n: 1 } })
        await inside.kv.delete('old')
        await inside.queue.sendBatch([1, { two: 2 }])
        await inside.queue.send('three')
        expect(await kv.get('new')).toBeNull()
        expect(await kv.get('old')).toBe('1')
        await expectMessages([])
        const changes = inside.transaction.changes
        expect(await dedupe.commit('key', token, { ok: 'é' }, longMs, changes)).toBe('committed')
        expect(await kv.getWithMetadata('new')).toMatchObject({ value: 'é', metadata: { n: 1 }, version })
        expect(await kv.get('old')).toBeNull()
        await expectMessages([1, { two: 2 }, 'three'])
        expect(await dedupe.begin('key', { leaseMs: longMs, fingerprint })).toEqual({
          state: 'done',
          result: { ok: 'é' },
        })
      },
    },
    {
      name: 'a transaction reads what it wrote, in entries, conditions and lists',
      skip: needsTransaction,
      async run(subject) {
        const { kv, within } = open(subject)
        for (const key of ['a', 'b', 'd']) await kv.put(key, `old ${key}`)
        const inside = within().kv
        await inside.put('c', 'new c')
        await inside.put('b', 'new b')
        await inside.delete('a')
        expect(await inside.getMany(['a', 'b', 'c', 'd'])).toEqual(
          new Map([
            ['a', null],
            ['b', 'new b'],
            ['c', 'new c'],
            ['d', 'old d'],
          ]),
        )
        const keys: string[] = []
        for await (const { key } of inside.keys()) keys.push(key)
        expect(keys).toEqual(['b', 'c', 'd'])
        const first = await inside.list({ limit: 2 })
        expect(first.keys.map(({ key }) => key)).toEqual(['b'])
        const { cursor = '' } = first
        expect((await inside.list({ limit: 2, cursor })).keys.map(({ key }) => key)).toEqual(['c', 'd'])
        await expect(inside.put('c', 'x', { ifAbsent: true })).rejects.toMatchObject({
          kind: 'AlreadyExists',
        })
        const { version } = await inside.put('a', 'again', { ifAbsent: true })
        expect(version).not.toBeNull()
        await inside.put('a', 'third', { ifVersion: version ?? '' })
        await expect(inside.put('a', 'x', { ifVersion: version ?? '' })).rejects.toMatchObject({
          kind: 'ConditionNotMatch',
        })
        expect(await inside.get('a')).toBe('third')
        expect(await kv.get('a')).toBe('old a')
      },
    },
    {
      name: 'a commit is refused once another holds the key, and writes nothing',
      skip: needsTransaction,
      async run(subject) {
        const { dedupe, longMs } = subject
        const { kv, within, expectMessages } = open(subject)
        const late = await take(dedupe, 'key', longMs)
        await dedupe.release('key', late)
        const token = await take(dedupe, 'key', longMs)
        const inside = within()
        await inside.kv.put('row', 'late')
        await inside.queue.send('late')
        const { changes } = inside.transaction
        expect(await dedupe.commit('key', late, 'late', longMs, changes)).toBe('fenced')
        expect(await dedupe.commit('nobody holds this', token, 'late', longMs, changes)).toBe('fenced')
        expect(await kv.get('row')).toBeNull()
        await expectMessages([])
        expect(await stateOf(subject, 'key')).toBe('in_flight')
        expect(await stateOf(subject, 'nobody holds this')).toBe('fresh')
      },
    },
    {
      name: 'a commit is refused when an entry or a page that was read has changed, and writes nothing',
      skip: needsTransaction,
      async run(subject) {
        const { dedupe, longMs } = subject
        const { kv, within, expectMessages } = open(subject)
        const stale = [
          { read: 'changed', change: () => kv.put('changed', '2') },
          { read: 'created', change: () => kv.put('created', '2') },
          { read: 'deleted', change: () => kv.delete('deleted') },
        ] as const
        await kv.put('changed', '1')
        await kv.put('deleted', '1')
        for (const { read, change } of stale) {
          const token = await take(dedupe, read, longMs)
          const inside = within()
          await inside.kv.get(read)
          await inside.kv.put('row', read)
          await inside.queue.send(read)
          expect(await inside.transaction.isStale()).toBe(false)
          await change()
          expect(await inside.transaction.isStale()).toBe(true)
          const { changes } = inside.transaction
          expect(await dedupe.commit(read, token, 1, longMs, changes), read).toBe('conflict')
          expect(await kv.get('row'), read).toBeNull()
          expect(await stateOf(subject, read)).toBe('in_flight')
          expect(await dedupe.commit(read, token, 1, longMs, nothing)).toBe('committed')
        }
        const token = await take(dedupe, 'page', longMs)
        const inside = within()
        await inside.kv.list({ prefix: 'page/' })
        await inside.kv.put('row', 'page')
        await kv.put('page/1', '1')
        expect(await dedupe.commit('page', token, 1, longMs, inside.transaction.changes)).toBe('conflict')
        expect(await kv.get('row')).toBeNull()
        await expectMessages([])
      },
    },
    {
      name: 'a second commit with the same token changes nothing and is confirmed',
      skip: needsTransaction,
      async run(subject) {
        const { dedupe, longMs } = subject
        const { kv, within, expectMessages } = open(subject)
        const token = await take(dedupe, 'key', longMs)
        const inside = within()
        await inside.kv.put('row', '1')
        await inside.queue.send('once')
        const { changes } = inside.transaction
        expect(await dedupe.commit('key', token, 'first', longMs, changes)).toBe('committed')
        await kv.put('row', '2')
        expect(await dedupe.commit('key', token, 'second', longMs, changes)).toBe('committed')
        expect(await kv.get('row')).toBe('2')
        await expectMessages(['once'])
        expect(await dedupe.begin('key', { leaseMs: longMs, fingerprint })).toMatchObject({ result: 'first' })
      },
    },
    {
      name: '24 transactions that count up one entry at once lose no count',
      skip: needsTransaction,
      async run(subject) {
        const { dedupe, longMs } = subject
        const { kv, within } = open(subject)
        await race(24, async (index) => {
          const token = await take(dedupe, `key ${index}`, longMs)
          for (let tries = 0; tries < 24; tries++) {
            const inside = within()
            const count = Number((await inside.kv.get('count')) ?? 0)
            await inside.kv.put('count', String(count + 1))
            const { changes } = inside.transaction
            const outcome = await dedupe.commit(`key ${index}`, token, index, longMs, changes)
            if (outcome !== 'conflict') return expect(outcome).toBe('committed')
          }
          // Of those that race one is committed each time.
          expect.fail('24 tries were in conflict')
        })
        expect(await kv.get('count')).toBe('24')
      },
    },
    ...starts,
    {
      name: 'a store that does not state features.startsWithWrites says Unsupported',
      skip: ({ info }) =>
        info.features?.startsWithWrites === true ? `${info.provider} records begins with writes` : null,
      async run({ dedupe, longMs }) {
        const token = await take(dedupe, 'key', longMs)
        await expect(dedupe.start('key', token, longMs, nothing)).rejects.toMatchObject({
          kind: 'Unsupported',
          applied: 'no',
        })
      },
    },
    {
      name: 'what is written after a transaction was closed is refused',
      skip: needsTransaction,
      async run(subject) {
        const inside = open(subject).within()
        inside.transaction.close()
        const sent = subject.beside?.queue === undefined ? [] : [inside.queue.send(1)]
        for (const late of [inside.kv.put('a', 'b'), inside.kv.delete('a'), ...sent])
          await expect(late).rejects.toMatchObject({ kind: 'Cancelled', applied: 'no' })
        expect(inside.transaction.changes.writes).toEqual([])
      },
    },
    {
      name: 'a transaction in a partition neither reads nor writes what is in another one',
      skip: (subject) =>
        needsTransaction(subject) ??
        (subject.info.partitioned === true ? null : `${subject.info.provider} states no partitions`),
      async run(subject) {
        const { dedupe, longMs, beside } = subject
        const { kv, within } = open(subject)
        const { elsewhere } = beside ?? {}
        if (elsewhere === undefined) return expect.fail('the case needs a store of another partition')
        expect(kv.info.partitioned).toBe(true)
        const token = await take(dedupe, 'key', longMs)
        const { transaction } = within()
        const outside = controlOf('kv', elsewhere).view('write', { transaction }) as KeyValue
        for (const refused of [
          outside.get('a'),
          outside.put('a', 'b'),
          outside.put('a', 'b', { ifAbsent: true }),
          outside.delete('a'),
          outside.list({ prefix: 'a' }),
        ])
          await expect(refused).rejects.toMatchObject({
            kind: 'Misconfigured',
            code: 'EXACT004',
            applied: 'no',
          })
        expect(await dedupe.commit('key', token, 1, longMs, transaction.changes)).toBe('committed')
        expect(await elsewhere.get('a')).toBeNull()
      },
    },
    {
      name: 'a commit of entries in another partition than its record is refused, and writes nothing',
      skip: (subject) =>
        needsTransaction(subject) ??
        (subject.info.partitioned === true ? null : `${subject.info.provider} states no partitions`),
      async run({ dedupe, longMs, beside }) {
        const { elsewhere, partitionElsewhere: partition } = beside ?? {}
        if (elsewhere === undefined) return expect.fail('the case needs a store of another partition')
        const token = await take(dedupe, 'key', longMs)
        const transaction = new Transaction(systemRng, { partition })
        const outside = controlOf('kv', elsewhere).view('write', { transaction }) as KeyValue
        await outside.put('a', 'b')
        await expect(dedupe.commit('key', token, 1, longMs, transaction.changes)).rejects.toMatchObject({
          code: 'EXACT004',
        })
        expect(await elsewhere.get('a')).toBeNull()
        expect(await dedupe.commit('key', token, 1, longMs, nothing)).toBe('committed')
      },
    },
  ],
}
