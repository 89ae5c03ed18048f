/** Dedupe cases: the begin of an effect is recorded in one transaction with its first write. */
import { expect } from 'vitest'
import type { ConformanceGroup } from '../conformance.ts'
import { needsTransaction, open } from './beside.ts'
import { type DedupeSubject, fingerprint, stateOf, take } from './subject.ts'

function needsStart(subject: DedupeSubject): string | null {
  const { provider, features } = subject.info
  if (features?.startsWithWrites !== true) return `${provider} does not state features.startsWithWrites`
  if (subject.beside?.queue === undefined) return 'the harness opens no queue beside the ledger'
  return needsTransaction(subject)
}

/** Whether the begin of the effect was recorded: the lease ends, and the key is unknown or free. */
async function isStarted({ dedupe, longMs }: DedupeSubject, key: string, token: string): Promise<boolean> {
  expect(await dedupe.abandon(key, token)).toBe(true)
  const { state } = await dedupe.begin(key, { leaseMs: longMs, fingerprint })
  expect(['fresh', 'unknown']).toContain(state)
  return state === 'unknown'
}

export const starts: ConformanceGroup<DedupeSubject>['cases'] = [
  {
    name: 'a start records the begin with the entries and the messages, whose ids it gives',
    skip: needsStart,
    async run(subject) {
      const { dedupe, longMs } = subject
      const { kv, within, receive } = open(subject)
      await kv.put('old', '1')
      const token = await take(dedupe, 'key', longMs)
      const inside = within()
      const { version } = await inside.kv.put('new', 'é', { metadata: { n: 1 } })
      await inside.kv.delete('old')
      await inside.queue.sendBatch(['one', 'two'])
      const started = await dedupe.start('key', token, longMs, inside.transaction.changes)
      expect(await kv.getWithMetadata('new')).toMatchObject({ value: 'é', metadata: { n: 1 }, version })
      expect(await kv.get('old')).toBeNull()
      const messages = await receive()
      expect(messages.map(({ body }) => body)).toEqual(['one', 'two'])
      expect(started).toEqual({ state: 'started', ids: messages.map(({ id }) => id) })
      expect(await isStarted(subject, 'key', token)).toBe(true)
    },
  },
  {
    name: 'a start renews the lease, and a second one makes its writes again',
    skip: needsStart,
    async run(subject) {
      const { clock, dedupe, longMs } = subject
      const { kv, within } = open(subject)
      const token = await take(dedupe, 'key', longMs)
      const inside = within()
      await inside.kv.put('row', '1')
      const { changes } = inside.transaction
      await clock?.advance(longMs * 0.9)
      expect(await dedupe.start('key', token, longMs, changes)).toEqual({ state: 'started', ids: [] })
      await clock?.advance(longMs * 0.9)
      expect(await stateOf(subject, 'key')).toBe('in_flight')
      await kv.put('row', '2')
      expect(await dedupe.start('key', token, longMs, changes)).toEqual({ state: 'started', ids: [] })
      expect(await kv.get('row')).toBe('1')
      expect(await dedupe.complete('key', token, 'done', longMs)).toBe(true)
    },
  },
  {
    name: 'a start is refused once another holds the key or it is done, and writes nothing',
    skip: needsStart,
    async run(subject) {
      const { dedupe, longMs } = subject
      const { kv, within, expectMessages } = open(subject)
      const late = await take(dedupe, 'key', longMs)
      await dedupe.release('key', late)
      const token = await take(dedupe, 'key', longMs)
      const inside = within()
      await inside.kv.put('row', 'late', { ifAbsent: true })
      await inside.queue.send('late')
      const { changes } = inside.transaction
      expect(await dedupe.start('key', late, longMs, changes)).toEqual({ state: 'fenced' })
      expect(await dedupe.start('nobody holds this', token, longMs, changes)).toEqual({ state: 'fenced' })
      await kv.put('row', 'taken')
      expect(await dedupe.start('key', late, longMs, changes)).toEqual({ state: 'fenced' })
      expect(await isStarted(subject, 'key', token)).toBe(false)
      const last = await take(dedupe, 'other', longMs)
      await dedupe.complete('other', last, 1, longMs)
      await kv.delete('row')
      expect(await dedupe.start('other', last, longMs, changes)).toEqual({ state: 'fenced' })
      expect(await kv.get('row')).toBeNull()
      await expectMessages([])
    },
  },
  {
    name: 'a start whose condition does not hold writes nothing and records no begin',
    skip: needsStart,
    async run(subject) {
      const { dedupe, longMs } = subject
      const { kv, within, expectMessages } = open(subject)
      const token = await take(dedupe, 'key', longMs)
      const inside = within()
      await inside.kv.put('created', '1', { ifAbsent: true })
      await inside.kv.put('row', '1')
      await inside.queue.send('1')
      await kv.put('created', 'first')
      const { changes } = inside.transaction
      expect(await dedupe.start('key', token, longMs, changes)).toEqual({ state: 'conflict' })
      expect(await kv.get('created')).toBe('first')
      expect(await kv.get('row')).toBeNull()
      await expectMessages([])
      expect(await isStarted(subject, 'key', token)).toBe(false)
    },
  },
]
